"""Plans, models and updates by digest: kept here, served to those who may read them, fetched from other members.

Bytes are named by their SHA-256 and believed only when it fits. Knows nothing of the ledger's transport or of training.
"""
