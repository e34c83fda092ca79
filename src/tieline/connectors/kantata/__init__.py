"""Kantata (once Mavenlink) as the PSA: where projects are staffed and time is approved."""

from tieline.connectors.kantata.assembly import connect

__all__ = ["connect"]
