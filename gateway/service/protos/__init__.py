"""The gateway's messages: `.proto` files, and what `generate.py` makes of them, which nobody edits by hand."""
