"""What ``quorate plan new`` copies into an author's directory."""
