"""Request bodies: JSON or Rails form encoding, singular and plural envelopes (fact sheet, section 2)."""

import re

from tieline_standins.core.http import BadJsonError, Json, Request
from tieline_standins.kantata.errors import system
from tieline_standins.kantata.resource import Resource

_MAX_DEPTH = 8


def parsed(request: Request) -> dict[str, Json]:
    """The body as an object; an empty body is an empty object. Raises ApiError 400."""
    if not request.body.strip():
        return {}
    try:
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return _rails(request.form())
        body = request.json()
    except BadJsonError as error:
        raise system(400, "There was a problem in the body you submitted: it could not be parsed") from error
    if not isinstance(body, dict):
        raise system(400, "The body must be an object")
    return body


def items(body: dict[str, Json], resource: Resource) -> list[dict[str, Json]]:
    """The objects to write: one under the singular key, or several under the plural key. Raises ApiError."""
    if resource.singular in body:
        found = [body[resource.singular]]
    elif resource.bulk and resource.plural in body:
        found = body[resource.plural]
        if not isinstance(found, list) or not found:
            raise system(400, f"{resource.plural} must be a list of objects")
        if len(found) > resource.bulk:
            raise system(400, f"{resource.plural} takes up to {resource.bulk} objects")
    else:
        raise system(400, f"param is missing or the value is empty: {resource.singular}")
    if not all(isinstance(item, dict) for item in found):
        raise system(400, f"{resource.singular} must be an object")
    return found


def _rails(pairs: list[tuple[str, str]]) -> dict[str, Json]:
    """`a[b]=1&a[c][]=2` as `{"a": {"b": "1", "c": ["2"]}}`. Raises ApiError when the names contradict each other."""
    root: dict[str, Json] = {}
    for name, value in pairs:
        steps = [name.split("[", 1)[0], *re.findall(r"\[([^\]]*)\]", name)]
        if len(steps) > _MAX_DEPTH:
            raise system(400, "The form is nested too deeply")
        node: Json = root
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            node = _step(node, step, following, value)
    return root


def _step(node: Json, step: str, following: str | None, value: str) -> Json:
    """Go one level down, creating it; at the last step put the value."""
    fresh: Json = value if following is None else [] if following == "" else {}
    if isinstance(node, list) and step == "":
        node.append(fresh)
        return fresh
    if not isinstance(node, dict) or step == "":
        raise system(400, "The form's names contradict each other")
    if following is None:
        node[step] = value
        return value
    found = node.setdefault(step, fresh)
    if type(found) is not type(fresh):
        raise system(400, "The form's names contradict each other")
    return found
