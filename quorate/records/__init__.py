"""What is on the ledger: one frozen record per document, one file per contract. No behaviour beyond checking form."""
