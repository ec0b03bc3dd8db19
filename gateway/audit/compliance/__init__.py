"""Control frameworks: which articles are served by what, and reports that fill them from a verified bundle."""
