"""Stable names of operations for fault rules and counters, such as `Account.create` or `jobs.ingest.upload`."""

from urllib.parse import unquote

from tieline_standins.core.http import Request

_VERBS = {"GET": "read", "HEAD": "read", "POST": "create", "PATCH": "update", "DELETE": "delete", "PUT": "upload"}
_FIXED = {
    "/services/oauth2/token": "oauth.token",
    "/services/oauth2/revoke": "oauth.revoke",
    "/services/oauth2/userinfo": "oauth.userinfo",
    "/services/data": "versions",
}


def operation_name(request: Request) -> str:
    """The name of what a request asks for; never raises."""
    path = request.raw_path.rstrip("/")
    if path in _FIXED:
        return _FIXED[path]
    parts = [unquote(part) for part in path.split("/")[1:]]
    if parts[:2] != ["services", "data"]:
        return {"cometd": "cometd", "id": "oauth.userinfo"}.get(
            parts[0], "soap.login" if "Soap" in parts else "unknown"
        )
    return _of_api(request.method, parts[3:])


def _of_api(method: str, parts: list[str]) -> str:
    verb = _VERBS.get(method, method.lower())
    match parts:
        case ["sobjects", *rest]:
            return _of_sobjects(method, verb, rest)
        case ["composite", *rest]:
            return _of_composite(verb, rest)
        case ["query" | "queryAll", _]:
            return "query.more"
        case ["jobs", kind, _, what]:
            return f"jobs.{kind}.{'upload' if what == 'batches' else 'results'}"
        case ["jobs", kind, *_]:
            return f"jobs.{kind}.{verb}"
        case [what, *_]:
            return what
    return "resources"


def _of_sobjects(method: str, verb: str, parts: list[str]) -> str:
    match parts:
        case []:
            return "describe"
        case [name, "describe" | "updated" | "deleted" as what]:
            return f"{name}.{what}"
        case [name, _, _, *_] if method == "PATCH":
            return f"{name}.upsert"
    return f"{parts[0]}.{verb}"


def _of_composite(verb: str, parts: list[str]) -> str:
    match parts:
        case []:
            return "composite"
        case ["sobjects", _, _]:
            return "collections.upsert"
        case ["sobjects", _]:
            return "collections.read"
        case ["sobjects"]:
            return f"collections.{verb}"
    return f"composite.{parts[0]}"
