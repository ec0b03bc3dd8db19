"""The scheduled audit: every check that needs no person, run as the officer, and the record that it ran."""
