"""`/composite`, `/composite/batch`, `/composite/graph` and `/composite/tree` (fact sheet section 5)."""

import re
from collections.abc import Callable

from tieline_standins.core.exact_json import dumps
from tieline_standins.core.http import Json
from tieline_standins.salesforce import dml
from tieline_standins.salesforce.api_error import ApiError, bad_json
from tieline_standins.salesforce.call import ROOT, Answer, Call, method_not_allowed, parse_target
from tieline_standins.salesforce.collection_rows import collections

Dispatch = Callable[[Call], Answer]

_REFERENCE = re.compile(r"@\{([A-Za-z]\w*)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."
_COSTLY = ("query", "queryAll", "composite")
_PART = frozenset({"method", "url", "referenceId", "body", "httpHeaders"})
_MOST_GRAPHS, _MOST_NODES, _MOST_FAILED_GRAPHS = 75, 500, 14


def composite(dispatch: Dispatch, call: Call) -> Answer:
    """Everything below /composite. Raises ApiError."""
    kind = call.target.segments[1] if len(call.target.segments) > 1 else ""
    if kind == "sobjects":
        return collections(call)
    if call.method != "POST" or call.depth:
        raise method_not_allowed(call, "POST")
    match kind:
        case "":
            body = call.object_body(frozenset({"allOrNone", "compositeRequest", "collateSubrequests"}))
            parts = _parts(call, body.get("compositeRequest"), call.org.settings.subrequest_limit)
            answers, _ = _run(dispatch, call, parts, all_or_none=body.get("allOrNone") is True)
            return Answer(200, {"compositeResponse": answers})
        case "batch":
            return _batch(dispatch, call)
        case "graph":
            return _graphs(dispatch, call)
        case "tree" if len(call.target.segments) == 3:
            return _tree(call, call.target.segments[2])
    raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def _parts(call: Call, parts: Json, limit: int) -> list[dict[str, Json]]:
    """The sub-requests, checked for form. Raises ApiError."""
    if not isinstance(parts, list) or not parts:
        raise bad_json("The member compositeRequest must be a list of at least one subrequest")
    if len(parts) > limit:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The number of subrequests must not exceed {limit}")
    seen: set[str] = set()
    costly = 0
    for part in parts:
        if not isinstance(part, dict) or set(part) - _PART:
            raise bad_json("A subrequest has the members method, url, referenceId, body and httpHeaders")
        if not all(isinstance(part.get(name), str) for name in ("method", "url", "referenceId")):
            raise bad_json("A subrequest needs the texts method, url and referenceId")
        if part["referenceId"] in seen:
            raise ApiError(400, "INVALID_INPUT", f"referenceId provided ('{part['referenceId']}') must be unique")
        seen.add(part["referenceId"])
        costly += any(f"/{name}" in part["url"] for name in _COSTLY)
    if costly > call.org.settings.query_subrequest_limit and limit != _MOST_NODES:
        raise ApiError(400, "LIMIT_EXCEEDED", "Too many query and collection subrequests")
    return parts


def _run(dispatch: Dispatch, call: Call, parts: list[dict[str, Json]], *, all_or_none: bool) -> tuple[list[Json], bool]:
    """Run sub-requests in order; with all_or_none the first failure takes everything back and halts the rest."""
    start = call.work.mark()
    results: dict[str, Json] = {}
    answers: list[Json] = []
    for part in parts:
        mark = call.work.mark()
        answer = _sub(dispatch, call, part, results)
        if answer.status >= 400:
            call.work.rollback(mark)
        else:
            results[part["referenceId"]] = answer.body
        answers.append(_answered(part, answer))
        if answer.status >= 400 and all_or_none:
            call.work.rollback(start)
            halted = Answer(400, [{"errorCode": "PROCESSING_HALTED", "message": _HALTED}])
            failed = answers.pop()
            before, after = parts[: len(answers)], parts[len(answers) + 1 :]
            return [*(_answered(p, halted) for p in before), failed, *(_answered(p, halted) for p in after)], False
    return answers, all(answer["httpStatusCode"] < 400 for answer in answers)


def _answered(part: dict[str, Json], answer: Answer) -> Json:
    return {
        "body": None if answer.body == b"" else answer.body,
        "httpHeaders": {name: value for name, value in answer.headers if name == "Location"},
        "httpStatusCode": answer.status,
        "referenceId": part["referenceId"],
    }


def _sub(dispatch: Dispatch, call: Call, part: dict[str, Json], results: dict[str, Json]) -> Answer:
    try:
        url = str(_filled(part["url"], results))
        body = _filled(part.get("body"), results)
        return _dispatched(dispatch, call, part["method"], url, body)
    except ApiError as error:
        return Answer(error.status, error.body())


def _dispatched(dispatch: Dispatch, call: Call, method: str, url: str, body: Json) -> Answer:
    path, _, query = url.partition("?")
    target = parse_target(path, query, call.org.settings)
    return dispatch(Call(method.upper(), target, call.headers, call.work, call.request, body, call.depth + 1))


def _filled(value: Json, results: dict[str, Json]) -> Json:
    """Replace `@{reference.member}` with what the named sub-request answered."""
    if isinstance(value, dict):
        return {name: _filled(each, results) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, results) for each in value]
    if not isinstance(value, str) or "@{" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _referenced(whole, results)
    return _REFERENCE.sub(lambda match: str(_referenced(match, results)), value)


def _referenced(match: re.Match[str], results: dict[str, Json]) -> Json:
    name, steps = match.groups()
    value = results.get(name)
    for member, index in _STEP.findall(steps):
        if member and isinstance(value, dict):
            value = value.get(member)
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            value = None
    if value is None:
        message = f"Invalid reference specified. No value for {name}{steps} found in {name}"
        raise ApiError(400, "PROCESSING_HALTED", message)
    return value


def _batch(dispatch: Dispatch, call: Call) -> Answer:
    """Independent sub-requests: what one wrote stays, whatever the next one does."""
    body = call.object_body(frozenset({"haltOnError", "batchRequests"}))
    parts = body.get("batchRequests")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise bad_json("The member batchRequests must be a list of objects")
    if len(parts) > call.org.settings.subrequest_limit:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The number of subrequests must not exceed {len(parts)}")
    results: list[Json] = []
    failed = False
    for part in parts:
        if failed and body.get("haltOnError") is True:
            halted = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted by request"}]
            results.append({"statusCode": 412, "result": halted})
            continue
        mark = call.work.mark()
        try:
            answer = _dispatched(
                dispatch, call, str(part.get("method")), ROOT + str(part.get("url")), part.get("richInput")
            )  # fmt: skip
        except ApiError as error:
            answer = Answer(error.status, error.body())
        if answer.status >= 400:
            call.work.rollback(mark)
            failed = True
        results.append({"statusCode": answer.status, "result": None if answer.body == b"" else answer.body})
    return Answer(200, {"hasErrors": failed, "results": results})


def _graphs(dispatch: Dispatch, call: Call) -> Answer:
    """Each graph is all-or-none by itself; after 14 failed graphs the rest is not run."""
    graphs = call.object_body(frozenset({"graphs"})).get("graphs")
    if not isinstance(graphs, list) or not all(isinstance(graph, dict) for graph in graphs):
        raise bad_json("The member graphs must be a list of objects")
    nodes = sum(len(graph.get("compositeRequest") or ()) for graph in graphs)
    if len(graphs) > _MOST_GRAPHS or nodes > _MOST_NODES:
        message = f"At most {_MOST_GRAPHS} graphs with {_MOST_NODES} nodes together are allowed"
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    answers, failed = [], 0
    for graph in graphs:
        parts = _parts(call, graph.get("compositeRequest"), _MOST_NODES)
        if failed >= _MOST_FAILED_GRAPHS:
            halted = Answer(400, [{"errorCode": "PROCESSING_HALTED", "message": "Too many failed graphs"}])
            run, good = [_answered(part, halted) for part in parts], False
        else:
            run, good = _run(dispatch, call, parts, all_or_none=True)
        failed += not good
        response = {"compositeResponse": run}
        answers.append({"graphId": graph.get("graphId"), "graphResponse": response, "isSuccessful": good})
    return Answer(200, {"graphs": answers})


def _tree(call: Call, name: str) -> Answer:
    """New records of one type with their children nested; all or none."""
    sobject = dml.find_object(call.work, name)
    records = call.object_body(frozenset({"records"})).get("records")
    if not isinstance(records, list):
        raise bad_json("The member records must be a list")
    results: list[Json] = []
    errors: list[Json] = []
    queue: list[tuple[str, Json, dict[str, Json]]] = [(sobject.name, each, {}) for each in records]
    while queue:
        kind, record, parent = queue.pop(0)
        attributes = record.get("attributes") if isinstance(record, dict) else None
        if not isinstance(attributes, dict) or not attributes.get("referenceId"):
            raise ApiError(400, "INVALID_INPUT", "Include a reference ID for each record in the request.")
        found = dml.find_object(call.work, kind)
        own = {key: value for key, value in record.items() if not _is_nested(value)}
        try:
            record_id = dml.create(call.work, found, {**own, **parent})
        except ApiError as error:
            errors.append({"referenceId": attributes["referenceId"], "errors": [error.row()]})
            continue
        results.append({"referenceId": attributes["referenceId"], "id": record_id})
        for relationship, nested in record.items():
            if _is_nested(nested):
                child, reference = _child(call, found.name, relationship)
                queue += [(child, each, {reference: record_id}) for each in nested["records"]]
        if len(results) + len(queue) > 200:
            raise ApiError(400, "INVALID_INPUT", "A tree holds at most 200 records")
    if errors:
        raise TreeError({"hasErrors": True, "results": errors})
    return Answer(201, {"hasErrors": False, "results": results})


class TreeError(ApiError):
    """A tree that was refused, with its own form of answer."""

    def __init__(self, answer: Json) -> None:
        super().__init__(400, "INVALID_INPUT", dumps(answer).decode())
        self.answer = answer

    def body(self) -> Json:
        return self.answer


def _is_nested(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("records"), list)


def _child(call: Call, parent: str, relationship: str) -> tuple[str, str]:
    for child, reference in call.org.schema.children(parent):
        if reference.children == relationship:
            return child.name, reference.name
    raise ApiError(400, "INVALID_FIELD", f"No such column '{relationship}' on sobject of type {parent}")
