"""What every stand-in shares: HTTP, clock, ledger, faults, control API, journal and server."""
