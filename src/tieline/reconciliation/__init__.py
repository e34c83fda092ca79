"""Reconciliation: what source, Tieline and target say of the same records, and whether the invariants hold."""
