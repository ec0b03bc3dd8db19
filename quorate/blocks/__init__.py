"""Fabric blocks as bytes that anyone can check: messages, hashes, signatures, validation codes. No network, no gRPC."""
