"""Stand-in of Kantata OX (the PSA), REST API v1."""
