"""Ledgers to run on: topology, identities, and the engines. Needs the extra ``quorate[network]``."""
