"""What every party must compute identically: records, arithmetic, accounting, blocks, verification.

No torch, no gRPC server, no web, no database.
"""
