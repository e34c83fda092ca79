"""Billing: what a project transaction is worth and which invoice lines it makes. Pure functions, no I/O."""
