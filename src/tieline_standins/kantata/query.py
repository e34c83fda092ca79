"""Index and show requests: filters, search, order and paging (fact sheet, section 2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from tieline_standins.core.http import Request
from tieline_standins.kantata import filters
from tieline_standins.kantata.errors import ApiError, not_found, system
from tieline_standins.kantata.fields import moment
from tieline_standins.kantata.resource import Predicate, Resource
from tieline_standins.kantata.world import Record, View, World

MAX_PER_PAGE = 200
_DEFAULT_PER_PAGE = 20
_SHAPE = {"include", "optional_fields", "only", "order", "page", "per_page", "limit", "offset", "search"}
_BOUNDS = {f"{name}_{side}" for name in ("created", "updated") for side in ("after", "before")}


@dataclass(frozen=True, slots=True)
class Page:
    """The records of one page, with what the envelope says about all of them."""

    records: list[Record]
    count: int
    number: int = 1
    size: int = _DEFAULT_PER_PAGE


def parameters(request: Request) -> dict[str, str]:
    """Query parameters by name; the Rails form `name[]=a&name[]=b` counts as `name=a,b`."""
    found: dict[str, str] = {}
    for name, value in request.query:
        if name.endswith("[]"):
            name = name[:-2]
            value = f"{found[name]},{value}" if name in found else value
        found[name] = value
    return found


def names(params: dict[str, str], parameter: str) -> frozenset[str]:
    return frozenset(part.strip() for part in params.get(parameter, "").split(",") if part.strip())


def show(world: World, resource: Resource, sid: str, params: dict[str, str]) -> Record:
    """One record by id; a default filter that excludes it makes a 404 (fact sheet, section 2)."""
    record = world.get(resource.plural, sid)
    if record is None or not all(accepts(record) for accepts in _conditions(world, resource, params, set())):
        raise not_found()
    return record


def index(world: World, resource: Resource, params: dict[str, str]) -> Page:
    """The page of the records that match."""
    size, offset = window(params)
    candidates = _candidates(world, resource, params)
    if "search" in params:
        found = _searched(world, resource, params)
    elif candidates is not None:
        found = _picked(world, resource, params, candidates)
    else:
        return _paged(world, resource, params, size, offset)
    return Page(found[offset : offset + size], len(found), offset // size + 1, size)


def window(params: dict[str, str]) -> tuple[int, int]:
    """Page size and offset; limit and offset win when both are given."""
    if "limit" in params and "offset" in params:
        size = _clamped(params["limit"], _DEFAULT_PER_PAGE, 1, MAX_PER_PAGE)
        return size, _clamped(params["offset"], 0, 0, 10**9)
    size = _clamped(params.get("per_page"), _DEFAULT_PER_PAGE, 1, MAX_PER_PAGE)
    return size, (_clamped(params.get("page"), 1, 1, 10**9) - 1) * size


def _clamped(value: str | None, default: int, low: int, high: int) -> int:
    text = (value or "").strip()
    if not text.lstrip("-").isdecimal() or len(text) > 12:
        return default
    return min(max(int(text), low), high)


def _paged(world: World, resource: Resource, params: dict[str, str], size: int, offset: int) -> Page:
    """A slice of a kept view, so that a page costs what it holds and not what the table holds."""
    field, descending = _order(world, resource, params)
    bounds = {side: f"{field.removesuffix('_at')}_{side}" for side in ("after", "before")}
    ranged = {name for name in bounds.values() if name in _BOUNDS & params.keys()}
    key = (field, tuple(sorted((name, value) for name, value in params.items() if name not in _SHAPE | ranged)))
    conditions = _conditions(world, resource, params, ranged)
    accepts, table = _all_of(conditions), world.tables[resource.plural]
    if filters.VOLATILE & params.keys():
        view = View(field, accepts, table.records.values())
    else:
        view = table.view(key, field, accepts)
    after, before = (_moment(name, params[name]) if name in ranged else None for name in bounds.values())
    low, high = view.span(after, before)
    if descending:
        numbers = view.ids(max(low, high - offset - size), max(low, high - offset))[::-1]
    else:
        numbers = view.ids(min(high, low + offset), min(high, low + offset + size))
    return Page([table.records[number] for number in numbers], high - low, offset // size + 1, size)


def _candidates(world: World, resource: Resource, params: dict[str, str]) -> Iterable[Record | None] | None:
    """The records named by id or by external reference, found without a scan; None when none are named."""
    if "only" in params:
        return [world.get(resource.plural, sid.strip()) for sid in dict.fromkeys(params["only"].split(","))]
    if resource.plural == "external_references" and "service_model_ref" in params:
        return [world.get(resource.plural, number) for number in world.references.get(params["service_model_ref"], ())]
    for name in ("external_reference_service_model_refs", "external_reference_service_model_ref"):
        if name in params and resource.has_references:
            return filters.referenced(world, resource, params[name].split(","))
    return None


def _picked(
    world: World, resource: Resource, params: dict[str, str], candidates: Iterable[Record | None]
) -> list[Record]:
    """Of the records named those that pass the other filters."""
    conditions = _conditions(world, resource, params, set())
    found = [record for record in candidates if record and all(accepts(record) for accepts in conditions)]
    field, descending = _order(world, resource, params)
    return sorted(found, key=lambda record: record.sort_key(field), reverse=descending)


def _searched(world: World, resource: Resource, params: dict[str, str]) -> list[Record]:
    """Records whose text holds the words searched, best match first; `order` is ignored."""
    if not resource.search:
        raise system(400, f"Search is not supported for {resource.plural}")
    if "only" in params:
        raise system(400, "Search cannot be combined with only")
    wanted = params["search"].lower().strip()
    conditions = _conditions(world, resource, params, set())
    ranked = []
    for record in world.all(resource.plural):
        texts = [str(record.data.get(name) or "").lower() for name in resource.search]
        hits = [(text != wanted, not text.startswith(wanted)) for text in texts if wanted in text]
        if hits and all(accepts(record) for accepts in conditions):
            ranked.append((min(hits), record.id, record))
    return [record for *_, record in sorted(ranked, key=lambda hit: hit[:2])]


def _order(world: World, resource: Resource, params: dict[str, str]) -> tuple[str, bool]:
    """The field to sort by and whether descending; an unknown order is an unknown parameter."""
    wanted = params.get("order", resource.order)
    name, _, direction = wanted.partition(":")
    if name not in resource.orders or direction not in ("asc", "desc"):
        _unknown(world, f"order={wanted}")
        name, _, direction = resource.order.partition(":")
    return resource.orders[name], direction == "desc"


def _conditions(world: World, resource: Resource, params: dict[str, str], skip: set[str]) -> list[Predicate]:
    """The predicates of all filters given or applied by default. Raises ApiError."""
    applied = dict(params)
    if params.get("include_archived") != "true" and (
        world.settings.only_applies_default_filters or "only" not in params
    ):
        applied = dict(resource.defaults) | params
    conditions = []
    for name, value in applied.items():
        if name in _SHAPE or name in skip:
            continue
        make = resource.filters.get(name) or filters.COMMON.get(name)
        if make is None or (name in filters.REFERENCE_FILTERS and not resource.has_references):
            _unknown(world, name)
            continue
        try:
            conditions.append(make(world, value))
        except ValueError as error:
            raise system(400, f"{name} {error}") from error
    return conditions


def _unknown(world: World, name: str) -> None:
    if world.settings.unknown_parameters == "refuse":
        raise ApiError(400, {"type": "system", "message": f"Unknown parameter: {name}"})


def _moment(name: str, value: str) -> str:
    try:
        return str(moment(value))
    except ValueError as error:
        raise system(400, f"{name} {error}") from error


def _all_of(conditions: list[Predicate]) -> Predicate:
    if len(conditions) == 1:
        return conditions[0]
    return lambda record: all(accepts(record) for accepts in conditions)
