"""Fabric's own services, passed through to the organisation's peer for its own agents and people, byte for byte.

Reads what is asked for in order to refuse it; changes nothing in either direction and can sign nothing.
"""
