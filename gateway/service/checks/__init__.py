"""What `quorate doctor` looks at: each check finds something out for itself, and says so when it could not."""
