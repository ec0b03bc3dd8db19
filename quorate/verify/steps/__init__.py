"""The steps of a verification, one file each; every one raises `Fault` or says what it found."""
