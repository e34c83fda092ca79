"""The Prefer header: `respond-async, transient, batch-processing="parallel"`."""

from tieline_standins.core.http import Request


def preferences(request: Request) -> dict[str, str]:
    """Names in lower case with their values, empty when there is none."""
    header = request.headers.get("prefer")
    if not header:
        return {}
    parts = (part.strip().partition("=") for part in header.split(","))
    return {name.strip().lower(): value.strip().strip('"').lower() for name, _, value in parts}
