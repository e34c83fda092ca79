"""The answer envelope: count, meta, results, and the maps of records (fact sheet, section 2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from tieline_standins.core import exact_json
from tieline_standins.core.http import Json, Response
from tieline_standins.kantata.errors import ApiError
from tieline_standins.kantata.query import Page, names
from tieline_standins.kantata.resource import Association, Resource, Session, Target
from tieline_standins.kantata.world import Record, World

_JSON = [("content-type", "application/json; charset=utf-8")]


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer shows of each matching record."""

    include: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    costs: bool = True


def shape(world: World, resource: Resource, session: Session, params: dict[str, str]) -> Shape:
    """The shape a request asks for. Raises ApiError for names it does not know, if so configured."""
    included, optional = names(params, "include"), names(params, "optional_fields")
    unknown = (included - resource.associations.keys()) | (optional - resource.fields.keys())
    if unknown and world.settings.unknown_parameters == "refuse":
        raise ApiError(400, {"type": "system", "message": f"Unknown name: {min(unknown)}"})
    include = tuple(sorted(included & resource.associations.keys()))
    return Shape(include, optional & resource.fields.keys(), session.admin or world.settings.members_see_costs)


def envelope(world: World, resource: Resource, page: Page, form: Shape) -> Response:
    """The answer to any GET, POST or PUT that returns records."""
    maps: dict[str, dict[str, bytes]] = {resource.plural: {r.sid: _rendered(world, r, form) for r in page.records}}
    for name in form.include:
        association = resource.associations[name]
        if not association.ref:
            maps.setdefault(association.target, {})
        for record in page.records:
            _side_load(world, _targets(world, record, name, association), maps, form)
    results = b",".join(b'{"key":"%s","id":"%s"}' % (resource.plural.encode(), r.sid.encode()) for r in page.records)
    bodies = (b'"%s":{%s}' % (plural.encode(), b",".join(found.values())) for plural, found in maps.items())
    pages = -(-page.count // page.size)
    head = b'{"count":%d,"meta":{"count":%d,"page_count":%d,"page_number":%d,"page_size":%d},"results":[%s],'
    body = head % (page.count, page.count, pages, page.number, page.size, results) + b",".join(bodies) + b"}"
    return Response(200, body, _JSON)


def failure(error: ApiError) -> Response:
    return Response(error.status, exact_json.dumps({"errors": error.errors}), _JSON)


def plain(body: Json) -> Response:
    """An answer without envelope."""
    return Response(200, exact_json.dumps(body), _JSON)


def _side_load(world: World, targets: Iterable[Target], maps: dict[str, dict[str, bytes]], form: Shape) -> None:
    bare = Shape(costs=form.costs)
    for plural, sid in targets:
        found = maps.setdefault(plural, {})
        if sid not in found:
            record = world.get(plural, sid)
            if record:
                found[sid] = _rendered(world, record, bare)


def _rendered(world: World, record: Record, form: Shape) -> bytes:
    """`"id":{…}` of one record; kept with the record where nothing in it is derived from other records."""
    if record.rendered_as == form:
        return record.rendered
    resource = record.resource
    shown = {
        name: value
        for name, value in record.data.items()
        if (field := resource.fields.get(name)) is None
        or ((not field.on_request or name in form.optional) and (form.costs or not field.cost))
    }
    keep = resource.derive is None
    for name in form.include:
        association = resource.associations[name]
        keep = keep and association.find is None
        shown[association.field] = _value(_targets(world, record, name, association), association)
    if resource.derive:
        resource.derive(world, record, shown)
    rendered = b'"%s":%s' % (record.sid.encode(), exact_json.dumps(shown))
    if keep:
        record.rendered_as, record.rendered = form, rendered
    return rendered


def _targets(world: World, record: Record, name: str, association: Association) -> list[Target]:
    if association.find:
        return association.find(world, record)
    linked: Json = record.links.get(name)
    if association.many:
        return [(association.target, sid) for sid in linked]
    return [(association.target, linked)] if linked else []


def _value(targets: list[Target], association: Association) -> Json:
    if association.ref:
        return {"key": targets[0][0], "id": targets[0][1]} if targets else None
    if association.many:
        return [sid for _, sid in targets]
    return targets[0][1] if targets else None
