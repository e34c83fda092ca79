"""The console: server-rendered pages for people, which work without JavaScript."""

from tieline.console.application import build

__all__ = ["build"]
