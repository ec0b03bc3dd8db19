"""Where an institution's records come from, what they must look like, and their fingerprint. Nothing here trains."""
