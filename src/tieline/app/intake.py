"""What each inbound feed wakes, and how often it is swept."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from tieline.app.assembly import Tieline
from tieline.engine.intake import Instance, deliver, note_failure, push_position, sweep
from tieline.engine.tiers import working_for
from tieline.engine.wake import wake
from tieline.flows.unlinked import FLOWS_OF, flows_of
from tieline.lane.costs import FEED as COSTS
from tieline.lane.costs import pull_costs, take_back_costs, wake_all_costs
from tieline.lane.deleted import database_time
from tieline.model.ids import born_outside
from tieline.sdk.connected import Connected, Pushed
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.feed import Changed, Changes
from tieline.sdk.roles import Erp
from tieline.store.canonical import engagements_of_opportunities, refer_all
from tieline.store.database import Connection, connect

log = structlog.get_logger()

Duty = Callable[[], None]


class Intake:
    """All feeds of a site."""

    def __init__(self, tieline: Tieline) -> None:
        self._tieline = tieline

    def concerns(self, db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
        """The flow instances that changed records concern; a record nobody knows becomes an `unlinked` exception."""
        instances = self._opportunities(db, connection, [one for one in changed if one.record == "opportunity"])
        for record in FLOWS_OF:
            flows = flows_of(record, self._tieline.site.firm)
            instances += _known(db, connection, [one for one in changed if one.record == record], flows)
        return instances

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
                duties[f"{name}:{COSTS}"] = partial(self._pull_costs, name, connected.erp)
        return duties

    def find_deletes(self) -> None:
        """The nightly comparison: what is no longer there is taken back, or wakes its flow."""
        self._find_deleted_costs()
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

    def _find_deleted_costs(self) -> None:
        """Bills that are gone; and all costs are judged again, for rules and rates may have changed."""
        database = self._tieline.database
        for name, connected in self._tieline.connected.items():
            if connected.erp is None:
                continue
            listed_at = database_time(database)
            try:
                gone = take_back_costs(database, name, set(connected.erp.list_cost_refs()), listed_at)
            except (Unavailable, Rejected, Unauthorized) as error:
                note_failure(database, f"{name}:{COSTS}_ids", error)
                continue
            if gone:
                log.warning("deleted_at_source", connection=name, kind=COSTS, lines=gone)
        wake_all_costs(database)

    def _pull_costs(self, name: str, erp: Erp) -> None:
        try:
            with working_for("feedback"):
                new = pull_costs(self._tieline.database, name, erp.list_changed_costs)
        except (Unavailable, Rejected, Unauthorized) as error:
            note_failure(self._tieline.database, f"{name}:{COSTS}", error)
        else:
            if new:
                log.info("pulled", connection=name, kind=COSTS, lines=new)

    def _sweep(self, name: str, feed: str, pages: Callable[[str | None], Changes[Changed]]) -> None:
        try:
            with working_for("feedback" if feed == "invoices" else "project"):
                new = sweep(self._tieline.database, name, feed, pages, self.concerns)
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
        deliver(self._tieline.database, name, events, self.concerns)

    def _opportunities(self, db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
        account = self._tieline.connected[connection].settings.account
        external = {born_outside(account, "opportunity", one.external_id): one.external_id for one in changed}
        if not external:
            return []
        refer_all(db, connection, "opportunity", external)
        engagements = engagements_of_opportunities(db, list(external))
        return [("opportunity_to_contract", one, engagements.get(one, one)) for one in external]


_KNOWN = """
select r.external_id, r.subject, coalesce(p.engagement_id, i.engagement_id, r.subject) as engagement
from cross_reference r left join project p on p.id = r.subject left join invoice i on i.id = r.subject
where r.connection = %s and r.target = %s and r.external_id = any(%s)
"""


def _known(db: Connection, connection: str, changed: Sequence[Changed], flows: tuple[str, ...]) -> list[Instance]:
    """The instances of records of one kind; a deleted one that nobody knows concerns nobody."""
    if not changed:
        return []
    record = changed[0].record
    rows = db.execute(_KNOWN, [connection, record, list({one.external_id for one in changed})]).fetchall()
    known = {row["external_id"] for row in rows}
    strange = {one.external_id for one in changed if not one.deleted} - known
    unlinked = [f"{connection}:{record}:{one}" for one in sorted(strange)]
    return [(flow, row["subject"], row["engagement"]) for row in rows for flow in flows] + [
        ("unlinked", key, key) for key in unlinked
    ]
