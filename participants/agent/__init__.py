"""The agent: watches studies, asks its own policy, reserves, trains in a child process, commits, and remembers.

It holds the signing key and no training code; the training child holds the data and no key.
"""
