"""Alerts: one per cause, opened and resolved with the messages that tell of it, in one commit, so that none is lost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from tieline.app.site import Site
from tieline.app.site_service import AlertKind
from tieline.app.views.approvals import list_approvals, who_decides
from tieline.app.views.calls import read_calls
from tieline.app.views.missing_time import MissingTime, cause_of, read_missing_time
from tieline.app.views.service import read_service
from tieline.capacity.missing_time import Step
from tieline.engine.audit import audit
from tieline.model.durations import spoken
from tieline.sdk.secrets import scrub
from tieline.store.database import Connection, Database
from tieline.store.outlooks import list_outlooks

log = structlog.get_logger()

LONGEST_TEXT = 500
FEED_FAILURES = 3
"""Readings of a feed that failed in a row before people are told."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Something people should know now. `cause` is what makes it one: the same cause is one alert."""

    cause: str
    kind: AlertKind
    title: str
    message: str
    link: str
    """Page of the console."""
    recipients: tuple[str, ...] = ()
    """E-mails of those it concerns, who are told once and never of its end; none: the channels' own."""


Finder = Callable[[Connection, Site], Iterator[Cause]]


def broken_promises(db: Connection, site: Site) -> Iterator[Cause]:
    """Tiers whose records come late, or have not come at all."""
    for row in read_service(db, site.levels):
        if row.kept:
            continue
        within = spoken(timedelta(seconds=row.within_seconds))
        told = []
        if row.overdue:
            told.append(f"{row.overdue:,} are not there yet although {within} have passed.")
        if row.share is not None and row.share < row.target_share:
            told.append(
                f"{row.late:,} of {row.records:,} in the last 24 hours took longer than {within}:"
                f" {row.share:.1%} were in time, {row.target_share:.1%} must be."
            )
        yield Cause(
            cause=f"sla:{row.tier}",
            kind="sla",
            title=f"{row.name} is late",
            message=" ".join(told),
            link="/operations#service",
        )


def ill_connections(db: Connection, site: Site) -> Iterator[Cause]:
    """Systems that do not answer, refuse us, or cannot be read."""
    rows = db.execute(
        "select connection, reason from circuit where retry_at > clock_timestamp() - interval '1 minute'"
        " and opened_at < clock_timestamp() - make_interval(secs => %s) order by connection",
        [site.alerts.down_seconds],
    ).fetchall()
    for row in rows:
        name = row["connection"]
        yield Cause(
            cause=f"connection:{name}:down",
            kind="connection",
            title=f"{name} does not answer",
            message=f"Calls rest and are tried again by themselves; nothing is lost. It says: {row['reason']}.",
            link="/operations",
        )
    refused = db.execute(
        "select name, reason from pause where scope = 'connection' and paused_by = 'tieline' order by name"
    ).fetchall()
    for row in refused:
        name = row["name"]
        yield Cause(
            cause=f"connection:{name}:refused",
            kind="connection",
            title=f"{name} refuses our credentials",
            message=f"{row['reason']}. Its data waits. Renew the secret, then run: tieline resume {name}",
            link="/operations",
        )
    feeds = db.execute(
        "select stream, failures, problem from feed_cursor where failures >= %s order by stream", [FEED_FAILURES]
    ).fetchall()
    for row in feeds:
        yield Cause(
            cause=f"connection:{row['stream']}:feed",
            kind="connection",
            title=f"The feed {row['stream']} cannot be read",
            message=f"It failed {row['failures']:,} times in a row: {row['problem']}. What changes there is not seen.",
            link="/operations",
        )


def used_budgets(db: Connection, site: Site) -> Iterator[Cause]:
    """Vendor accounts whose calls of a day are nearly used up, or that made us wait."""
    for name, row in read_calls(db, site).items():
        room = row.head_room
        ours = (room.per_day or 0) * (1 - room.reserved)
        if ours and room.day_used >= ours * site.alerts.budget_share:
            yield Cause(
                cause=f"budget:{name}",
                kind="budget",
                title=f"{name} has few calls left today",
                message=f"{room.day_used:,} of the {ours:,.0f} calls a day that are ours were used in the last 24 hours"
                f" ({room.per_day:,} in all, {room.reserved:.0%} left to the firm's other integrations).",
                link="/operations",
            )
        if row.backlog and row.drains_in is None and row.lines_waiting:
            yield Cause(
                cause=f"backlog:{name}",
                kind="backlog",
                title=f"Nothing goes out to {name}",
                message=f"{row.backlog:,} records wait, and none was confirmed in the last five minutes.",
                link="/operations",
            )


def unclear_writes(db: Connection, site: Site) -> Iterator[Cause]:
    """Writes that stay unclear long after any call could still land."""
    rows = db.execute(
        "select connection, count(*)::int as writes, min(sent_at) as since from effect"
        " where state in ('in_doubt', 'intended') and retired_at is null and sent_at < clock_timestamp()"
        " - interval '1 hour' and coalesce(quarantine_until, sent_at) < clock_timestamp() - interval '30 minutes'"
        " group by connection order by connection"
    ).fetchall()
    for row in rows:
        yield Cause(
            cause=f"writes:{row['connection']}",
            kind="writes",
            title=f"{row['connection']}: it stays unclear whether {row['writes']:,} writes happened",
            message="Each is looked up before anything else is sent; the look-ups have not succeeded for an hour.",
            link="/operations",
        )


def late_exceptions(db: Connection, site: Site) -> Iterator[Cause]:
    """Exceptions whose deadline has passed, one alert for each team."""
    rows = db.execute(
        "select owner, count(*)::int as late, min(due_at) as since from exception_item"
        " where closed_at is null and due_at <= clock_timestamp()"
        " and coalesce(postponed_until <= clock_timestamp(), true) group by owner order by owner"
    ).fetchall()
    for row in rows:
        many = "1 exception is" if row["late"] == 1 else f"{row['late']:,} exceptions are"
        yield Cause(
            cause=f"exceptions:{row['owner']}",
            kind="exceptions",
            title=f"{many} late at {row['owner']}",
            message=f"The oldest deadline passed on {row['since']:%Y-%m-%d at %H:%M} UTC. Each holds something back.",
            link="/",
        )


def open_questions(db: Connection, site: Site) -> Iterator[Cause]:
    """Approvals nobody has decided for longer than their rule allows; the reminder goes out once."""
    now = datetime.now(UTC)
    for row in list_approvals(db):
        rule = site.approvals.rule(row.asked)
        if rule is None or now - row.asked_at < rule.remind_after:
            continue
        worth = "" if row.amount is None else f" ({row.currency} {row.amount:,.2f})"
        yield Cause(
            cause=f"approval:{row.id}",
            kind="approvals",
            title=f"'{row.label}'{worth} waits for a decision",
            message=f"Asked on {row.asked_at:%Y-%m-%d at %H:%M} UTC. It is decided by"
            f" {who_decides(site.approvals, row, now.date())}. What depends on it waits.",
            link=f"/exceptions/{row.exception_id}" if row.exception_id else "/",
        )


def violations(db: Connection, site: Site) -> Iterator[Cause]:
    """What the newest check of the invariants found."""
    row = db.execute(
        "select id, violations, state, problem from verification where state <> 'running' order by id desc limit 1"
    ).fetchone()
    if row is None or (row["state"] == "done" and not row["violations"]):
        return
    found = f"{row['violations'] or 0:,} violations were found" if row["state"] == "done" else "It could not be made"
    yield Cause(
        cause="verify",
        kind="verify",
        title="The check of all systems' books did not pass",
        message=f"Check {row['id']}: {found}. {row['problem'] or 'See tieline verify for each of them.'}",
        link="/operations",
    )


def early_warnings(db: Connection, site: Site) -> Iterator[Cause]:
    """Milestones and invoices that are late or will be, one alert for each occasion."""
    for one in list_outlooks(db, warned=True):
        for warning in one.warnings:
            yield Cause(
                cause=f"risk:{warning.id}",
                kind="risk",
                title=warning.title,
                message=f"{one.customer}, {one.name}: {warning.text}",
                link=f"/engagements/{one.id}",
            )


def missing_time(db: Connection, site: Site, now: datetime | None = None) -> Iterator[Cause]:
    """Weeks with too little time: the person is told after the cut-off, who leads the projects some hours later.

    Where all was handed in, only those who lead are told, since they approve.
    """
    if not site.firm.missing_time.remind:
        return
    for row in read_missing_time(db, site.firm, now or datetime.now(UTC)):
        steps: list[tuple[Step, tuple[str, ...]]] = [("remind", (row.email,))]
        if row.step == "escalate" and row.leads:
            steps.append(("escalate", row.leads))
        if row.step == "approve":
            steps = [("approve", row.leads)] if row.leads else []
        for step, recipients in steps:
            yield Cause(
                cause=cause_of(row.email, row.monday, step),
                kind="missing_time",
                title=_missing_title(row),
                message=f"{row.recorded.normalize():f} of {row.expected.normalize():f} hours are approved"
                f"{f', {row.submitted.normalize():f} more are handed in' if row.submitted else ''};"
                f" all of it was due on {row.cut_off:%Y-%m-%d at %H:%M} UTC. Nothing is filled in for anybody.",
                link="/missing-time",
                recipients=recipients,
            )


def _missing_title(row: MissingTime) -> str:
    week = f"in the week of {row.monday}"
    if row.step == "approve":
        return f"{row.submitted.normalize():f} hours of {row.name} wait for approval {week}"
    return f"{row.missing.normalize():f} hours of {row.name} are missing {week}"


FINDERS: Sequence[Finder] = (
    broken_promises,
    ill_connections,
    used_budgets,
    unclear_writes,
    late_exceptions,
    open_questions,
    early_warnings,
    violations,
)

_OPEN = """
insert into alert (cause, kind, title, message, link)
values (%(cause)s, %(kind)s, %(title)s, %(message)s, %(link)s)
on conflict (cause) where resolved_at is null do update
  set seen_at = clock_timestamp(), title = excluded.title, message = excluded.message
returning id, (xmax = 0) as new
"""
_RESOLVE = """
update alert set resolved_at = clock_timestamp()
where resolved_at is null and (kind = 'missing_time') = %(of_people)s and not (cause = any (%(causes)s))
  and seen_at < clock_timestamp() - make_interval(secs => %(calm)s)
returning id, cause, kind
"""
_TELL = """
insert into alert_message (alert_id, channel, news, recipient)
select %(alert)s, channel, %(news)s, recipient
from unnest(%(channels)s::text[]) c (channel) cross join unnest(%(recipients)s::text[]) r (recipient)
where %(news)s = 'raised' or exists (
  select from alert_message m where m.alert_id = %(alert)s and m.channel = c.channel and m.news = 'raised')
"""
_TOLD_BEFORE = "select from alert where cause = %s and resolved_at is not null limit 1"
_KEEP_TO_OURSELVES = """
update alert_message set state = 'given_up', problem = 'it was over before it was told'
where alert_id = %s and state = 'waiting'
"""
ALERT_LOCK = 714_200


def chase_missing_time(database: Database, site: Site, now: datetime | None = None) -> None:
    """The same of people's missing time, which takes longer to find and is looked for more rarely."""
    look(database, site, (partial(missing_time, now=now),), of_people=True)


def look(database: Database, site: Site, finders: Sequence[Finder] = FINDERS, *, of_people: bool = False) -> None:
    """Open the alerts of what is wrong now and resolve those whose cause has been gone for a while."""
    with database.transaction() as db:
        db.execute("select pg_advisory_xact_lock(%s)", [ALERT_LOCK])
        causes = [cause for finder in finders for cause in finder(db, site)]
        for cause in causes:
            _open(db, site, cause)
        gone = db.execute(
            _RESOLVE,
            {"causes": [one.cause for one in causes], "calm": site.alerts.calm_seconds, "of_people": of_people},
        ).fetchall()
        for row in gone:
            if row["kind"] == "missing_time":
                db.execute(_KEEP_TO_OURSELVES, [row["id"]])
            else:
                _tell(db, site, row["id"], row["kind"], "resolved")
            audit(db, "alert.resolved", object_=row["cause"])


def _open(db: Connection, site: Site, cause: Cause) -> None:
    if cause.recipients and db.execute(_TOLD_BEFORE, [cause.cause]).fetchone() is not None:
        return  # a person is told once of a thing, also when it comes back
    values = {
        "cause": cause.cause,
        "kind": cause.kind,
        "title": scrub(cause.title)[:LONGEST_TEXT],
        "message": scrub(cause.message)[:LONGEST_TEXT],
        "link": cause.link,
    }
    row = db.execute(_OPEN, values).fetchone()
    assert row is not None
    if row["new"]:
        _tell(db, site, row["id"], cause.kind, "raised", cause.recipients)
        audit(db, "alert.raised", object_=cause.cause, detail={"title": values["title"]})
        log.warning("alert_raised", cause=cause.cause, title=values["title"])


def _tell(db: Connection, site: Site, alert: int, kind: str, news: str, recipients: Sequence[str | None] = ()) -> None:
    channels = [channel.name for channel in site.alert_channels if not channel.only or kind in channel.only]
    values = {"alert": alert, "channels": channels, "news": news, "recipients": list(recipients) or [None]}
    db.execute(_TELL, values)
