"""Subscribed Events: the change feed by polling, a paid add-on (fact sheet, section 6)."""

from datetime import timedelta

from tieline_standins.core.http import Json
from tieline_standins.kantata import filters
from tieline_standins.kantata.errors import forbidden, system
from tieline_standins.kantata.fields import Field, anything, idents, moment, stamp, text, whole
from tieline_standins.kantata.query import Page, names, window
from tieline_standins.kantata.resource import Association, Resource, Session, Target
from tieline_standins.kantata.world import Record, World

_PARAMETERS = {"created_after", "created_before", "event_types", "subject_type", "subject_id", "subject_ids"}


def _find_subject(world: World, event: Record) -> list[Target]:
    plural, sid = event.links["subject_key"]
    return [(plural, sid)] if world.get(plural, sid) else []


SUBSCRIBED_EVENTS = Resource(
    "subscribed_events",
    "subscribed_event",
    {
        "event_type": Field(text),
        "subject_type": Field(text),
        "subject_id": Field(whole),
        "subject_changed_at": Field(moment),
        "user_id": Field(text),
        "previous_payload": Field(anything, on_request=True),
        "current_payload": Field(anything, on_request=True),
        "payload_changes": Field(anything, on_request=True),
    },
    {"subject": Association("", "subject_ref", ref=True, find=_find_subject)},
    orders={"created_at": "created_at"},
    filters={"event_types": filters.is_in("event_type")},
    verbs=frozenset({"list"}),
)


def listed(world: World, params: dict[str, str], session: Session) -> Page:
    """One page of the feed. Raises ApiError."""
    if not world.settings.events_addon or not session.admin:
        raise forbidden()
    if "most_recent" in params and "most_recent_by_event_type" in params:
        raise system(400, "most_recent and most_recent_by_event_type exclude each other")
    found = [event for event in _feed(world) if _wanted(event.data, params)]
    order = params.get("order", "created_at:desc")
    found.sort(key=lambda event: (event.data["created_at"], event.id), reverse=order != "created_at:asc")
    if "most_recent" in params or "most_recent_by_event_type" in params:
        found = _most_recent(found, by_type="most_recent_by_event_type" in params)
    size, offset = window(params)
    return Page(found[offset : offset + size], len(found), offset // size + 1, size)


def _feed(world: World) -> list[Record]:
    """What the feed holds now: late, disordered and doubled as set up, and nothing past its retention."""
    settings, now = world.settings, world.clock.now()
    oldest = stamp(now - timedelta(days=settings.events_retention_days))
    newest = stamp(now - timedelta(seconds=settings.events_lag_seconds))
    feed: list[Record] = []
    for number, raw in enumerate(world.events, start=1):
        created = raw["at"]
        if settings.events_disorder_every and number % settings.events_disorder_every == 0 and number > 1:
            created = world.events[number - 2]["at"]
        if not oldest <= created <= newest:
            continue
        event = _record(number, created, raw)
        feed.append(event)
        if settings.events_duplicate_every and number % settings.events_duplicate_every == 0:
            feed.append(event)
    return feed


def _record(number: int, created: str, raw: dict[str, Json]) -> Record:
    plural, sid = raw["subject"]
    data = {
        "id": str(number),
        "event_type": raw["event_type"],
        "created_at": created,
        "subject_changed_at": raw["at"],
        "subject_type": raw["subject_type"],
        "subject_id": int(sid),
        "user_id": raw["user_id"],
    }
    payloads = {name: raw[name] for name in ("previous_payload", "current_payload", "payload_changes")}
    return Record(SUBSCRIBED_EVENTS, number, data | payloads, {"subject_key": (plural, sid)})


def _wanted(data: dict[str, Json], params: dict[str, str]) -> bool:
    try:
        subjects = set(idents(params.get("subject_ids") or params.get("subject_id") or ""))
        users = set(idents(params.get("user_ids", "")))
        after, before = (
            moment(params[name]) if name in params else None for name in ("created_after", "created_before")
        )
    except ValueError as error:
        raise system(400, f"parameters: a value {error}") from error
    types = names(params, "event_types")
    return (
        (not types or data["event_type"] in types)
        and (params.get("subject_type") in (None, data["subject_type"]))
        and (not subjects or str(data["subject_id"]) in subjects)
        and (not users or data["user_id"] in users)
        and (after is None or data["created_at"] > after)
        and (before is None or data["created_at"] < before)
    )


def _most_recent(found: list[Record], *, by_type: bool) -> list[Record]:
    """The newest event of each subject, or of each subject and event type."""
    newest: dict[Json, Record] = {}
    for event in found:
        key = (event.data["subject_type"], event.data["subject_id"], event.data["event_type"] if by_type else "")
        if key not in newest or event.data["subject_changed_at"] > newest[key].data["subject_changed_at"]:
            newest[key] = event
    return [event for event in found if newest.get(_key(event, by_type=by_type)) is event]


def _key(event: Record, *, by_type: bool) -> Json:
    return (event.data["subject_type"], event.data["subject_id"], event.data["event_type"] if by_type else "")


def event_types(world: World, session: Session) -> Json:
    """The catalogue, with the fields of each type's payload. Raises ApiError."""
    if not world.settings.events_addon or not session.admin:
        raise forbidden()
    resources = [table.resource for table in world.tables.values() if table.resource.event]
    return {
        "event_types": [
            {"event_type": f"{resource.event}:{what}", "fields": sorted({"id", *resource.fields})}
            for resource in resources
            for what in ("created", "updated", "deleted")
        ]
    }
