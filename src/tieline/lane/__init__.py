"""The bulk lane: project transactions are pulled, priced, checked, posted in batches, settled and marked invoiced."""
