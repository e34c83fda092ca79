"""What each inbound feed wakes, and how often it is swept."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from tieline.app.assembly import Tieline
from tieline.engine.intake import deliver, note_failure, push_position, sweep
from tieline.engine.tiers import working_for
from tieline.engine.wake import wake
from tieline.model.ids import born_outside
from tieline.sdk.connected import Connected, Pushed
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.feed import Changed, Changes
from tieline.store.canonical import engagement_of_opportunity, refer
from tieline.store.database import Connection, connect

log = structlog.get_logger()

Duty = Callable[[], None]


class Intake:
    """All feeds of a site."""

    def __init__(self, tieline: Tieline) -> None:
        self._tieline = tieline

    def handle(self, db: Connection, connection: str, changed: Changed, reason: str) -> None:
        """Wake the flows a change concerns; a record nobody knows becomes an `unlinked` exception."""
        match changed.record:
            case "opportunity":
                self._opportunity(db, connection, changed, reason)
            case "project":
                self._known(db, connection, changed, reason, ("staffing", "milestone_billing"))
            case "invoice":
                self._known(db, connection, changed, reason, ("invoice_feedback",))

    def sweeps(self) -> dict[str, Duty]:
        """One duty per document feed."""
        duties: dict[str, Duty] = {}
        for name, connected in self._tieline.connected.items():
            if connected.crm is not None:
                pages = connected.crm.list_changed_opportunities
                duties[f"{name}:opportunities"] = partial(self._sweep, name, "opportunities", pages)
            if connected.psa is not None:
                duties[f"{name}:projects"] = partial(self._sweep, name, "projects", connected.psa.list_changed_projects)
            if connected.erp is not None:
                duties[f"{name}:invoices"] = partial(self._sweep, name, "invoices", connected.erp.list_changed_invoices)
        return duties

    def find_deletes(self) -> None:
        """The nightly comparison: a committed opportunity that is no longer there wakes its flow."""
        for name, connected in self._tieline.connected.items():
            if connected.crm is None:
                continue
            try:
                present = set(connected.crm.list_opportunity_refs())
            except (Unavailable, Rejected, Unauthorized) as error:
                note_failure(self._tieline.database, f"{name}:id_set", error)
                continue
            with self._tieline.database.transaction() as db:
                rows = db.execute(
                    "select r.subject, r.external_id, o.engagement_id from cross_reference r"
                    " join engagement_opportunity o on o.opportunity_id = r.subject"
                    " where r.connection = %s and r.target = 'opportunity'",
                    [name],
                ).fetchall()
                for row in rows:
                    if row["external_id"] not in present:
                        wake(db, "opportunity_to_contract", row["subject"], row["engagement_id"], "sweep")

    def listen(self, stopped: threading.Event) -> list[threading.Thread]:
        """A thread per connection with a push stream; one worker of the fleet is elected to read each."""
        threads = []
        for name, connected in self._tieline.connected.items():
            if connected.listen is not None:
                thread = threading.Thread(
                    target=self._listen, args=(name, connected, stopped), name=f"listen-{name}", daemon=True
                )
                thread.start()
                threads.append(thread)
        return threads

    def _sweep(self, name: str, feed: str, pages: Callable[[str | None], Changes[Changed]]) -> None:
        try:
            with working_for("feedback" if feed == "invoices" else "project"):
                new = sweep(self._tieline.database, name, feed, pages, self.handle)
        except (Unavailable, Rejected, Unauthorized) as error:
            note_failure(self._tieline.database, f"{name}:{feed}", error)
        else:
            if new:
                log.info("swept", connection=name, feed=feed, new=new)

    def _listen(self, name: str, connected: Connected, stopped: threading.Event) -> None:
        assert connected.listen is not None
        database = self._tieline.database
        while not stopped.is_set():
            try:
                with connect(database.conninfo) as session, working_for("project"):
                    elected = session.execute("select pg_try_advisory_lock(714100, hashtext(%s)) as won", [name])
                    row = elected.fetchone()
                    if row is not None and row["won"]:
                        connected.listen(
                            push_position(database, name),
                            partial(self._deliver, name),
                            stopped.is_set,
                        )
            except Exception as error:
                if stopped.is_set():  # connections are closed under a hanging long poll
                    return
                if isinstance(error, Unavailable | Rejected | Unauthorized):
                    note_failure(database, f"{name}:push", error)
                else:
                    log.exception("listener_failed", connection=name)
            stopped.wait(2.0)

    def _deliver(self, name: str, events: Sequence[Pushed]) -> None:
        deliver(self._tieline.database, name, events, self.handle)

    def _opportunity(self, db: Connection, connection: str, changed: Changed, reason: str) -> None:
        account = self._tieline.connected[connection].settings.account
        opportunity = born_outside(account, "opportunity", changed.external_id)
        refer(db, connection, "opportunity", opportunity, changed.external_id)
        lock = engagement_of_opportunity(db, opportunity) or opportunity
        wake(db, "opportunity_to_contract", opportunity, lock, reason)

    def _known(self, db: Connection, connection: str, changed: Changed, reason: str, flows: tuple[str, ...]) -> None:
        row = db.execute(
            "select r.subject, coalesce(p.engagement_id, i.engagement_id) as engagement from cross_reference r"
            " left join project p on p.id = r.subject left join invoice i on i.id = r.subject"
            " where r.connection = %s and r.target = %s and r.external_id = %s",
            [connection, changed.record, changed.external_id],
        ).fetchone()
        if row is None:
            if not changed.deleted:
                key = f"{connection}:{changed.record}:{changed.external_id}"
                wake(db, "unlinked", key, key, reason)
            return
        for flow in flows:
            wake(db, flow, row["subject"], row["engagement"] or row["subject"], reason)
