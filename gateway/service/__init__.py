"""The gateway's process: its server over mutual TLS, the relay to Fabric, the view of the ledger, and its commands."""
