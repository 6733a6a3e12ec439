"""What is there, against what the ledger says."""
