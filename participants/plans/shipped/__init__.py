"""The plans that ship with Quorate. Their files are read as text into documents and run from there, once approved."""
