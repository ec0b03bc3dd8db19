"""The chaincode's rules a second time, in Python: from a call and the state to what it may write."""
