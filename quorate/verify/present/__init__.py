"""A report for people, as a page that needs nothing else; JSON is the report's own, the terminal the command's."""
