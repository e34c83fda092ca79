"""Local servers that behave like the vendors' APIs, for demos, tests, training and rehearsal."""
