"""The routes below `/api/v1` and what each does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tieline_standins.core.http import Json, Request, Response, Router
from tieline_standins.kantata import billing, body, crud, custom_fields, events, query, references, render, staffing
from tieline_standins.kantata import submissions as subs
from tieline_standins.kantata.catalogue import RESOURCES
from tieline_standins.kantata.errors import invalid, not_found, system
from tieline_standins.kantata.fields import day, idents
from tieline_standins.kantata.resource import Resource, Session
from tieline_standins.kantata.world import Record, World


@dataclass(slots=True)
class Call:
    """One authenticated request to a known route."""

    world: World
    session: Session
    request: Request
    route: Route
    report: Callable[[str, str, Json], None]  # operation, record id, body: one committed write
    params: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.params = query.parameters(self.request)

    @property
    def sid(self) -> str:
        return self.route.ids.get("id", "")

    def body(self) -> dict[str, Json]:
        """The parsed body. Its `include` and `optional_fields` count like those of the query: Rails merges both, and
        brainstem-js, the vendor's own client, sends them there."""
        parsed = body.parsed(self.request)
        for name in ("include", "optional_fields"):
            if isinstance(given := parsed.get(name), str) and given:
                self.params.setdefault(name, given)
        return parsed

    def committed(self, verb: str, record: Record, raw: Json) -> None:
        self.report(f"{record.resource.plural}.{verb}", record.sid, raw)

    def answer(self, resource: Resource, records: list[Record]) -> Response:
        """The envelope of the records just written."""
        form = render.shape(self.world, resource, self.session, self.params)
        return render.envelope(self.world, resource, query.Page(records, len(records)), form)


@dataclass(frozen=True, slots=True)
class Route:
    """A matched route: its operation name, the ids in its path and its function."""

    operation: str
    run: Callable[[Call], Response]
    ids: dict[str, str] = field(default_factory=dict)


def route(method: str, path: str) -> Route | None:
    found = _ROUTER.match(method, path)
    return Route(found.value[0], found.value[1], found.params) if found else None


def _list(resource: Resource) -> Callable[[Call], Response]:
    def run(call: Call) -> Response:
        crud.allow(resource, "list", call.session)
        if resource.plural == "external_references":
            references.require_subject_type(call.params)
        if resource.plural == "custom_field_values":
            custom_fields.require_subject_type(call.params)
        page = query.index(call.world, resource, call.params)
        form = render.shape(call.world, resource, call.session, call.params)
        return render.envelope(call.world, resource, page, form)

    return run


def _show(resource: Resource) -> Callable[[Call], Response]:
    def run(call: Call) -> Response:
        crud.allow(resource, "show", call.session)
        sid = call.session.user_id if call.sid == "me" and resource.plural == "users" else call.sid
        return call.answer(resource, [query.show(call.world, resource, sid, call.params)])

    return run


def _create(resource: Resource) -> Callable[[Call], Response]:
    def run(call: Call) -> Response:
        crud.allow(resource, "create", call.session)
        bodies = body.items(call.body(), resource)
        return call.answer(resource, crud.create(call.world, resource, call.session, bodies, call.committed))

    return run


def _update(resource: Resource) -> Callable[[Call], Response]:
    def run(call: Call) -> Response:
        crud.allow(resource, "update", call.session)
        record = _existing(call, resource)
        raw = body.items(call.body(), resource)[0]
        crud.update(call.world, resource, call.session, record, raw, call.committed)
        return call.answer(resource, [record])

    return run


def _delete(resource: Resource) -> Callable[[Call], Response]:
    def run(call: Call) -> Response:
        crud.allow(resource, "delete", call.session)
        crud.delete(call.world, resource, call.session, [_existing(call, resource)], call.committed)
        return Response(204)

    return run


def _delete_many(resource: Resource) -> Callable[[Call], Response]:
    """All or nothing; expenses answer with what was deleted, time entries with nothing."""

    def run(call: Call) -> Response:
        given = call.params.get("ids") or call.body().get("ids") or ""
        try:
            ids = idents(given)
        except ValueError as error:
            raise system(400, f"ids {error}") from error
        records = crud.many(call.world, resource, ids)
        crud.delete(call.world, resource, call.session, records, call.committed)
        if resource.plural == "expenses":
            return render.plain({"deleted": [record.sid for record in records]})
        return Response(204)

    return run


def _existing(call: Call, resource: Resource) -> Record:
    record = call.world.get(resource.plural, call.sid)
    if record is None:
        raise not_found()
    return record


def _decide(kind: subs.Kind, step: str) -> Callable[[Call], Response]:
    """PUT /…_submissions/{id}/approve, reject or cancel."""

    def run(call: Call) -> Response:
        resolution = _resolution(call)
        submission = subs.check_step(call.world, kind, step, call.sid, call.session)
        subs.take_step(call.world, kind, step, submission, call.session, resolution.get("description"))
        call.committed(step, submission, resolution)
        return call.answer(submission.resource, [submission])

    return run


def _decide_many(step: str) -> Callable[[Call], Response]:
    """POST /timesheet_approvals, _rejections, _cancellations; answers the resolutions."""

    def run(call: Call) -> Response:
        resolution = _resolution(call)
        try:
            ids = idents(resolution.get("submission_ids") or [])
        except ValueError as error:
            raise invalid("submission_ids", f"Submissions {error}") from error
        if not ids:
            raise invalid("submission_ids", "Submissions can't be blank")
        checked = [subs.check_step(call.world, subs.TIME, step, sid, call.session) for sid in dict.fromkeys(ids)]
        made = []
        for submission in checked:
            note = resolution.get("description")
            made.append(subs.take_step(call.world, subs.TIME, step, submission, call.session, note))
            call.committed(step, submission, resolution)
        return call.answer(RESOURCES["resolutions"], made)

    return run


def _resolution(call: Call) -> dict[str, Json]:
    given = call.body().get("resolution") or {}
    description = given.get("description") if isinstance(given, dict) else given
    if not isinstance(given, dict) or not isinstance(description, str | None):
        raise system(400, "resolution must be an object")
    return given


def _upsert_reference(call: Call) -> Response:
    raw = body.items(call.body(), references.EXTERNAL_REFERENCES)[0]
    record = references.create_or_update(call.world, raw)
    call.committed("create_or_update", record, raw)
    return call.answer(references.EXTERNAL_REFERENCES, [record])


def _cancel_invoice(call: Call) -> Response:
    invoice = _existing(call, billing.INVOICES)
    billing.cancel(call.world, invoice, call.session)
    call.committed("cancel", invoice, None)
    return call.answer(billing.INVOICES, [invoice])


def _next_invoice_number(call: Call) -> Response:
    return render.plain({"next_invoice_number": billing.next_number(call.world)})


def _split_allocation(call: Call) -> Response:
    allocation = staffing.allocation(call.world, call.params.get("workspace_allocation_id"))
    try:
        on = day(call.params.get("split_date"))
    except ValueError as error:
        raise invalid("split_date", f"Split date {error}") from error
    rest = staffing.split(call.world, allocation, on, call.session)
    call.committed("split", allocation, {"split_date": on})
    return call.answer(staffing.WORKSPACE_ALLOCATIONS, [allocation, rest])


def _disable_membership(call: Call) -> Response:
    resource = RESOURCES["account_memberships"]
    crud.allow(resource, "update", call.session)
    membership = _existing(call, resource)
    call.world.edit(membership, {"disabled_at": call.world.now()})
    call.committed("disable", membership, None)
    return call.answer(resource, [membership])


def _list_events(call: Call) -> Response:
    page = events.listed(call.world, call.params, call.session)
    form = render.shape(call.world, events.SUBSCRIBED_EVENTS, call.session, call.params)
    return render.envelope(call.world, events.SUBSCRIBED_EVENTS, page, form)


def _event_types(call: Call) -> Response:
    return render.plain(events.event_types(call.world, call.session))


def _routes() -> Router[tuple[str, Callable[[Call], Response]]]:
    router: Router[tuple[str, Callable[[Call], Response]]] = Router()

    def add(method: str, path: str, operation: str, run: Callable[[Call], Response]) -> None:
        router.add(method, path, (operation, run))

    add("GET", "subscribed_events", "subscribed_events.list", _list_events)
    add("GET", "subscribed_events/event_types", "subscribed_events.event_types", _event_types)
    add("GET", "invoices/next_invoice_number", "invoices.next_invoice_number", _next_invoice_number)
    add("PUT", "invoices/{id}/cancel", "invoices.cancel", _cancel_invoice)
    add("POST", "external_references/create_or_update", "external_references.create_or_update", _upsert_reference)
    add("PUT", "workspace_allocations/split", "workspace_allocations.split", _split_allocation)
    add("PUT", "account_memberships/{id}/disable", "account_memberships.disable", _disable_membership)
    for step in subs.STEPS:
        for kind in (subs.TIME, subs.EXPENSE):
            add("PUT", f"{kind.plural}/{{id}}/{step}", f"{kind.plural}.{step}", _decide(kind, step))
    for step, plural in (("approve", "approvals"), ("reject", "rejections"), ("cancel", "cancellations")):
        add("POST", f"timesheet_{plural}", f"timesheet_{plural}.create", _decide_many(step))
    for plural, resource in RESOURCES.items():
        add("GET", plural, f"{plural}.list", _list(resource))
        add("POST", plural, f"{plural}.create", _create(resource))
        add("GET", f"{plural}/{{id}}", f"{plural}.show", _show(resource))
        add("PUT", f"{plural}/{{id}}", f"{plural}.update", _update(resource))
        add("DELETE", f"{plural}/{{id}}", f"{plural}.delete", _delete(resource))
        if resource.bulk_delete:
            add("DELETE", plural, f"{plural}.delete", _delete_many(resource))
    return router


_ROUTER = _routes()
