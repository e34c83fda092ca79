"""A run: one execution of a flow. Its verbs write (`ensure`, `post`, `notify`, `withdraw`); it collects all problems.

A flow is straight-line code; whatever keeps it from going on (`stand_by`, an open approval, a failed requirement)
ends the run here, and the agenda says when to look again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, TypeVar

from psycopg.types.json import Jsonb

from tieline.engine.approval_policy import Asked
from tieline.engine.approvals import State, ask_approval, void_approval, was_declined
from tieline.engine.change_guard import Change
from tieline.engine.controls import Controls
from tieline.engine.effect import (
    MOST_KNOWN,
    Author,
    Beginning,
    Effect,
    Intent,
    Outcome,
    Stored,
    begin_run,
    effects_of_flow,
    write_intent,
    write_outcome,
)
from tieline.engine.foresight import Foresight
from tieline.engine.link import Link
from tieline.engine.override import as_read, corrected_record, void
from tieline.engine.problem import Problem
from tieline.engine.round import write_round
from tieline.engine.step import Step, content_hash
from tieline.engine.wake import wake
from tieline.engine.withdrawal import withdraw_each
from tieline.model.money import Money
from tieline.model.notice import Notice
from tieline.model.record import Record
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Operation
from tieline.store.database import Connection

R = TypeVar("R", bound=Record)
_DECISIONS = {
    "asked": "waits for a decision",
    "declined": "was declined",
    "expired": "was not decided in time; ask again or withdraw it at its source",
}
EndState = Literal["done", "retrying", "waiting", "blocked", "standing_by", "superseded"]


class Stop(Exception):
    """Ends a run in a state of the agenda."""

    def __init__(self, state: EndState, note: str) -> None:
        self.state: EndState = state
        self.note = note
        super().__init__(note)


@dataclass(frozen=True, slots=True)
class Wake:
    """A flow instance to wake when this run commits."""

    flow: str
    key: str
    engagement: str


@dataclass
class Run:
    """The engine's side of a flow; see the module's docstring for the rules."""

    db: Connection
    author: Author
    reasons: tuple[str, ...]
    controls: Controls
    site_uid: str
    app_version: str
    started_at: datetime
    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    due: list[datetime] = field(default_factory=list)
    later: list[datetime] = field(default_factory=list)
    """When to look again although all is done."""
    demanded: set[tuple[str, str, str]] = field(default_factory=set)
    wakes: list[Wake] = field(default_factory=list)
    pending: list[Outcome] = field(default_factory=list)
    in_transaction: list[Callable[[Connection], object]] = field(default_factory=list)
    """What commits with the end of the run: canonical records the flow decided on."""
    asked: set[str] = field(default_factory=set)
    """Labels of the approvals this run needs."""
    changed: bool = False
    foresight: Foresight | None = None
    """Set in a preview: what would be sent is noted there, and nothing is sent."""
    counts: dict[str, Change] = field(default_factory=dict)
    """What was sent, by connection, for the change guard."""
    read: list[dict[str, Any]] = field(default_factory=list)
    """What was read of records a person may correct, as their source holds it."""
    day: date | None = None
    """The day it is, for a run of another day than this."""
    has_problems: bool = False
    """Whether exceptions wait for this flow instance as it begins."""
    has_approvals: bool = False
    _known: dict[tuple[str, str, str], Effect] | None = None

    @property
    def today(self) -> date:
        """The day a flow goes by when it asks what is due."""
        return self.day or self.started_at.date()

    # ---- the four verbs -------------------------------------------------------------------------------------------

    def ensure(
        self, label: str, operation: Operation[Any], record: Record, *, after: Link | None = None, **links: Link
    ) -> Link:
        """The state of a record in a target; converges. Returns the link to it."""
        return self.ensure_each(label, operation, [record], after=after, **links)[record.id]

    def ensure_each(
        self,
        label: str,
        operation: Operation[Any],
        records: Sequence[Record],
        *,
        after: Link | None = None,
        **links: Link,
    ) -> dict[str, Link]:
        """`ensure` for a list in one round; returns the links by record id."""
        return write_round(self, label, operation, records, after=after, links=links, once=False)

    def post(self, label: str, operation: Operation[Any], record: Record, **links: Link) -> Link:
        """A booking: written once, never updated. A change is a reversal plus a new record."""
        return write_round(self, label, operation, [record], after=None, links=links, once=True)[record.id]

    def notify(
        self,
        label: str,
        operation: Operation[Notice],
        *,
        occasion: str,
        text: str,
        to: Sequence[str] = (),
        after: Link | None = None,
        **links: Link,
    ) -> Link:
        """A message, once per occasion; the text is not part of the occasion."""
        notice = Notice(id=occasion, subject_line=label, text=text, to=tuple(to))
        return write_round(self, label, operation, [notice], after=after, links=links, once=True)[notice.id]

    def withdraw(self, label: str, operation: Operation[Any], subjects: Iterable[str]) -> None:
        """Close or cancel what was ensured and is no longer demanded; never deletes."""
        withdraw_each(self, label, operation, list(subjects))

    # ---- what a flow may ask --------------------------------------------------------------------------------------

    def require(self, problems: Iterable[Problem]) -> None:
        """All problems at once; the run ends when there is one."""
        found = list(problems)
        if found:
            self.problems += found
            self.steps += [Step(label=p.label or "Check", what="refused", detail=p.message) for p in found]
            raise Stop("blocked", found[0].message)

    def hold(self, label: str, why: str, problem: Problem | None = None) -> Link:
        """One step waits, mostly for a person; what depends on its link waits too, and everything else goes on."""
        if problem is not None:
            self.problems.append(problem)
        self.steps.append(Step(label=label, what="waiting", detail=why))
        return Link(label, "unknown")

    def approval(
        self,
        label: str,
        content: Record | Mapping[str, Any],
        *,
        unless: bool,
        why: str = "",
        worth: Money | None = None,
        legal_entity: str | None = None,
        proposed_by: str | None = None,
    ) -> None:
        """A person's decision on exactly this content; any edit voids it.

        `worth`, `legal_entity` and `proposed_by` are what the site's rules go by when they say who may decide.
        """
        if unless:
            return
        decision = self.ask(
            label, content, why=why, worth=worth, legal_entity=legal_entity, proposed_by=proposed_by, wait=True
        )
        if decision != "approved":
            raise Stop("waiting", f"{label} {_DECISIONS[decision]}")

    def ask(
        self,
        label: str,
        content: Record | Mapping[str, Any],
        *,
        why: str = "",
        worth: Money | None = None,
        legal_entity: str | None = None,
        proposed_by: str | None = None,
        wait: bool = False,
    ) -> State:
        """`approval` of something the run can do without: it goes on, whatever the decision; what is declined is no
        exception then."""
        self.asked.add(label)
        shown = content.model_dump(mode="json") if isinstance(content, Record) else dict(content)
        asked = Asked(
            label=label,
            legal_entity=legal_entity,
            amount=worth.amount if worth else None,
            currency=worth.currency if worth else None,
            proposed_by=proposed_by,
        )
        decision = ask_approval(self.db, self.author, asked, shown, content_hash(shown))
        self.steps.append(Step(label=label, what="asks", detail=f"{decision}{': ' + why if why else ''}"))
        if decision not in ("approved", "declined") or (wait and decision == "declined"):
            message = f"{label}: {why}" if why else label
            self.problems.append(
                Problem(
                    kind="approval", message=message, key=f"{self.author.key}:{label}", owner="finance", label=label
                )
            )
        return decision

    def declined(self, label: str, content: Mapping[str, Any]) -> bool:
        """Whether a person has said no to exactly this content, where a no is an end and not a wait."""
        return was_declined(self.db, self.author, label, content_hash(dict(content)))

    def withdraw_approval(self, label: str) -> None:
        """The question has gone: what was asked or decided counts no more."""
        self.in_transaction.append(lambda db: void_approval(db, self.author, label))

    def corrected(self, kind: str, record: R) -> R:
        """A record just read, with what people corrected of it as long as its source has not changed since."""
        self.read.append(as_read(kind, record))
        found, stale = corrected_record(self.db, kind, record)
        if stale:
            self.with_commit(lambda db: void(db, stale, "its source has changed"))
        return found

    def stand_by(self, note: str) -> None:
        """Nothing to do yet, and nothing wrong."""
        raise Stop("standing_by", note)

    def note(self, label: str, detail: str) -> None:
        """A line of the timeline that is no write."""
        self.steps.append(Step(label=label, what="note", detail=detail))

    def wake(self, flow: str, key: str, engagement: str) -> None:
        """Wake a flow instance when this run commits."""
        self.wakes.append(Wake(flow, key, engagement))

    def wake_at_once(self, flow: str, key: str, engagement: str) -> None:
        """Wake a flow instance in the transaction at hand, together with what it shall see.

        What is stored before the run ends must wake so: should the run fail, the next one finds nothing new, and a
        wake that waits for the end of the run would be lost.
        """
        wake(self.db, flow, key, engagement, "flow", self.author.since)

    def wake_once(self, flow: str, key: str, engagement: str) -> None:
        """Wake a flow instance unless it has work on the agenda already: for what follows a first set-up.

        One that stands by looked too early, and looks again.
        """
        query = "select from agenda where flow = %s and key = %s and state <> 'standing_by'"
        found = self.db.execute(query, [flow, key]).fetchone()
        if found is None:
            self.wake(flow, key, engagement)

    def keep(self, record: R, write: Callable[[Connection, R], None]) -> None:
        """Store a canonical record with the end of this run, without counting as a change of the timeline."""
        self.in_transaction.append(lambda db: write(db, record))

    def with_commit(self, action: Callable[[Connection], object]) -> None:
        """Do this in the transaction that ends the run."""
        self.in_transaction.append(action)
        self.changed = True

    def look_again(self, after: timedelta) -> None:
        """Ask for a further run, at the latest then."""
        self.due.append(self.started_at + after)

    def look_again_on(self, day: date) -> None:
        """Ask for a further run on a day: nothing waits for it, and nothing is wrong."""
        self.later.append(datetime.combine(day, time(), UTC))

    def ref(self, connection: str, target: str, subject: str) -> str | None:
        """The vendor's id of one of our records, if we know it."""
        row = self.db.execute(
            "select external_id from cross_reference where connection = %s and target = %s and subject = %s",
            [connection, target, subject],
        ).fetchone()
        return row["external_id"] if row else None

    def known_ref(self, connection: str, target: str, subject: str) -> str:
        """The vendor's id of a record born there. Raises Rejected when it was never seen."""
        external_id = self.ref(connection, target, subject)
        if external_id is None:
            raise Rejected(
                connection,
                f"{target} {subject} is not known there any more",
                kind="unlinked",
                field=target,
                key=subject,
            )
        return external_id

    def link_to(self, label: str, connection: str, target: str, subject: str) -> Link:
        """The link to a record another flow ensures: unknown, and so waited for, until it is there."""
        external_id = self.ref(connection, target, subject)
        return Link(label, "known", external_id) if external_id else Link(label, "unknown")

    # ---- books of the run -----------------------------------------------------------------------------------------

    def begin_changes(self) -> Author:
        """The run's row is made with its first change, so that a run that finds nothing to do leaves no trace."""
        if self.author.run_id == 0:
            self.author = replace(self.author, run_id=begin_run(self.db, self.author, self._beginning()))
        return self.author

    def _beginning(self) -> Beginning:
        return Beginning(self.reasons, self.app_version, self.started_at)

    def intend(self, intent: Intent) -> Stored:
        """Store an intent, and in the same statement what commits with it: the outcome that waits, the run's row.

        Raises Moved when another run has taken over.
        """
        begins = self._beginning() if self.author.run_id == 0 else None
        outcome = self.pending[0] if self.pending else None
        stored = write_intent(self.db, intent, self.author, begins, outcome)
        self.pending.clear()
        if begins:
            self.author = replace(self.author, run_id=stored.run_id)
        return stored

    def known_effects(self) -> dict[tuple[str, str, str], Effect]:
        """What this flow instance wrote before this run, by connection, target and subject: read once.

        What is not among them may still exist, written by another flow. Who takes it for new loses the race at the
        intent, and then reads it.
        """
        if self._known is None:
            found = effects_of_flow(self.db, self.author.flow, self.author.key, self.author.engagement)
            self._known = {(effect.connection, effect.target, effect.subject): effect for effect in found}
        return self._known

    @property
    def may_retire(self) -> bool:
        """Whether there may be an effect of this flow instance that this run did not demand."""
        known = self._known
        return known is None or len(known) >= MOST_KNOWN or not self.demanded.issuperset(known)

    def count_change(self, connection: str, record: Record) -> None:
        """Count one record sent."""
        self.counts.setdefault(connection, Change()).add(record)

    def flush(self) -> None:
        """Write the outcomes that wait; call inside the transaction they travel with."""
        for outcome in self.pending:
            write_outcome(self.db, outcome, self.author)
        self.pending.clear()

    def steps_json(self) -> Jsonb:
        """The steps as stored with the run."""
        return Jsonb([{k: v for k, v in vars(step).items() if v is not None} for step in self.steps])
