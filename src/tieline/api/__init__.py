"""The HTTP API: what programs may read and do, and where vendors push their events."""

from tieline.api.application import build

__all__ = ["build"]
