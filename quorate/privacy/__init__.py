"""Privacy accounting as pure functions: charges, accounts and ε in integers, bit for bit the chaincode's.

Floats and other people's accountants only where something is shown beside the ledger's value (`pld`, `quote`).
"""
