"""One module for each page; each turns a visit into an answer, and keeps nothing."""
