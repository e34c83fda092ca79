"""A round of writes: records of one operation are decided on, their intents committed together, sent, and settled."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from tieline.engine.attempt import Ended, attempt, find_one, outcome_of
from tieline.engine.controls import Mode
from tieline.engine.decide import (
    AskPerson,
    Create,
    Decision,
    LookUp,
    Poll,
    Refused,
    Replay,
    Unchanged,
    Update,
    Wait,
    decide,
)
from tieline.engine.effect import Effect, Intent, read_effects, renew_intent
from tieline.engine.foresight import foresee
from tieline.engine.link import NOT_NEEDED, SHADOW_ID, Link
from tieline.engine.problem import (
    auth_problem,
    legal_entity_of,
    problem_of,
    stored_form,
    stored_problem,
    unusual_change,
)
from tieline.engine.retry_policy import MOST_TRIES, tries_exhausted, unclear_for_ever
from tieline.engine.step import Step, StepWhat, content_hash
from tieline.engine.tiers import tier_of, working_for
from tieline.engine.tracing import span
from tieline.mapping.problems import MappingFailed
from tieline.model.record import Record
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.http import Renewal
from tieline.sdk.operation import Operation, Payload, WriteSafety

if TYPE_CHECKING:
    from tieline.engine.run import Run

AT_ONCE = 4
"""Calls of one round that run side by side; the vendor's own limit is the gate's matter."""
LOOK_UP_EVERY = timedelta(seconds=5)
"""How often an unclear create is looked for until its quarantine is over."""
ROUNDS_A_CHUNK = 4
"""How many rounds of calls share one commit of intents; more would outlive the send window."""
PASSES = 4

_senders = ThreadPoolExecutor(max_workers=32, thread_name_prefix="send")


@dataclass(frozen=True, slots=True)
class Demand:
    """One record as this round wants it in the target."""

    record: Record
    payload: Payload
    content_hash: bytes


def write_round(
    run: "Run",
    label: str,
    operation: Operation[Any],
    records: Sequence[Record],
    *,
    after: Link | None,
    links: Mapping[str, Link],
    once: bool,
) -> dict[str, Link]:
    """Bring every record to its demanded state; returns links by record id. `once`: confirmed is confirmed for ever."""
    return Round(run, label, operation, once).write(records, after, links)


class Round:
    """The state of one round; see `write_round`."""

    def __init__(self, run: "Run", label: str, operation: Operation[Any], once: bool) -> None:
        self.run = run
        self.label = label
        self.operation = operation
        self.once = once
        self.links: dict[str, Link] = {}
        self.repeats = False  # whether this run demanded some of the records before: what it knew of them is old

    def write(self, records: Sequence[Record], after: Link | None, links: Mapping[str, Link]) -> dict[str, Link]:
        """Decide, send and settle."""
        operation = self.operation
        demanded = {(operation.connection, operation.target, record.subject) for record in records}
        self.repeats = not self.run.demanded.isdisjoint(demanded)
        self.run.demanded |= demanded
        held = self._held(records, [link for link in (*links.values(), after) if link is not None])
        if held is not None:
            return held
        by_mode: dict[Mode, list[Record]] = {"off": [], "shadow": [], "live": []}
        for record in records:
            mode = self.run.controls.mode(self.run.author.flow, operation.connection, legal_entity_of(record))
            by_mode[mode].append(record)
        for record in by_mode["off"]:
            self.note(record, "off")
            self.links[record.id] = NOT_NEEDED
        ids = {name: link.external_id for name, link in links.items() if link.external_id}
        for demand in self._render(by_mode["shadow"], ids):
            self._shadow(demand)
        known = {name: external_id for name, external_id in ids.items() if links[name].known}
        if self.run.foresight is not None:
            foresee(self, self._render(by_mode["live"], ids), ids)
        else:
            self._converge(self._render(by_mode["live"], known))
        return self.links

    def _held(self, records: Sequence[Record], links: Sequence[Link]) -> dict[str, Link] | None:
        operation = self.operation
        if not records:
            return {}
        if operation.support in ("unsupported", "not_in_use"):
            what: StepWhat = "not_in_use" if operation.support == "not_in_use" else "kept_here"
            self.note(records[0], what)
            return {record.id: NOT_NEEDED for record in records}
        waits_for = [link.label for link in links if link.blocks]
        entity = legal_entity_of(records[0])
        paused = self.run.controls.pause_of(self.run.db, self.run.author.flow, operation.connection, entity)
        if not waits_for and paused is None:
            return None
        detail = f"waits for {', '.join(waits_for)}" if waits_for or paused is None else paused.reason
        if paused is not None and paused.unusual:
            self.run.problems.append(unusual_change(operation.connection, self.run.author.flow, paused.reason))
        elif paused is not None:
            self.run.due.append(self.run.started_at + timedelta(minutes=5))
        for record in records:
            self.note(record, "waiting", detail=detail)
        return {record.id: Link(self.label, "unknown") for record in records}

    def _render(self, records: Sequence[Record], ids: Mapping[str, str]) -> list[Demand]:
        demands = []
        for record in records:
            try:
                payload = self.operation.render(record, ids)
            except MappingFailed as failed:
                for problem in failed.problems:
                    self.refuse(
                        record,
                        Rejected(
                            self.operation.connection,
                            problem.message,
                            kind="mapping" if problem.table else "missing_field",
                            field=problem.table or problem.canonical,
                            key=problem.value if problem.table else record.subject,
                        ),
                    )
            except Rejected as error:
                self.refuse(record, error)
            else:
                demands.append(Demand(record, payload, content_hash(payload)))
        return demands

    def _shadow(self, demand: Demand) -> None:
        run, operation = self.run, self.operation
        where = (operation.connection, operation.target, demand.record.subject)
        run.db.execute(
            "insert into shadow_effect (connection, target, subject, engagement, flow, label, content)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict (connection, target, subject) do update"
            " set content = excluded.content, recorded_at = clock_timestamp()",
            [*where, run.author.engagement, run.author.flow, self.label, Jsonb(demand.payload)],
        )
        self.note(demand.record, "shadow", detail="would be sent")
        self.links[demand.record.id] = Link(self.label, "shadow", SHADOW_ID)

    def _converge(self, demands: list[Demand]) -> None:
        """Decide and send until every record is settled for this run; a lost race looks again."""
        for number in range(PASSES):
            if not demands:
                return
            effects = self._effects([demand.record.subject for demand in demands], first=number == 0)
            calls, again = [], []
            for demand in demands:
                effect = effects.get(demand.record.subject)
                decision = self.judge(demand, effect)
                if isinstance(decision, Create | Update | Replay | Poll):
                    calls.append((demand, effect, decision))
            chunk = ROUNDS_A_CHUNK * min(AT_ONCE, self.operation.at_once)
            for start in range(0, len(calls), chunk):
                again += self._send(calls[start : start + chunk])
            demands = again
        for demand in demands:
            self._wait(
                demand.record, self.run.started_at + timedelta(seconds=1), "is being written elsewhere", "waiting"
            )

    def _effects(self, subjects: list[str], *, first: bool) -> dict[str, Effect]:
        vendor, target, run = self.operation.connection, self.operation.target, self.run
        if self.repeats and run.pending:
            self._flush()
        if not first or self.repeats:
            return read_effects(run.db, vendor, target, subjects, run.author.engagement)
        known = run.known_effects()
        return {subject: known[vendor, target, subject] for subject in subjects if (vendor, target, subject) in known}

    def judge(self, demand: Demand, effect: Effect | None) -> Decision:
        record = demand.record
        if self.once and effect is not None and effect.state == "confirmed" and effect.external_id:
            decision: Decision = Unchanged(effect.external_id)
        else:
            decision = decide(effect, demand.content_hash, self.operation, self.run.reasons)
        if isinstance(decision, LookUp):
            assert effect is not None
            decision = self._look_up(effect, decision)
        if effect and isinstance(decision, Create | Update) and effect.overtook(record, self.run.started_at):
            decision = Wait(effect.now + timedelta(seconds=1), "a newer version was written; it is read again")
        match decision:
            case Unchanged(external_id):
                self.note(record, "unchanged", external_id=external_id)
                self.links[record.id] = Link(self.label, "known", external_id)
            case Wait(until, why, in_doubt):
                self._wait(record, until, why, "in_doubt" if in_doubt else "retrying", effect.failures if effect else 0)
            case Refused(problem):
                self.refuse(record, Rejected(self.operation.connection, **stored_problem(problem)))
            case AskPerson():
                self.refuse(record, unclear_for_ever(self.operation, self.label, record.subject))
        return decision

    def _look_up(self, effect: Effect, decision: LookUp) -> Decision:
        try:
            found = find_one(self.operation, effect.content or {})
        except Unavailable as error:
            return Wait(effect.now + timedelta(seconds=5), f"cannot be looked up: {error.message}", in_doubt=True)
        except Rejected as error:
            return Refused(stored_form(error))
        if found is not None:
            return Update(found)
        again = min(decision.until, effect.now + LOOK_UP_EVERY)
        return Wait(again, "the call may still land; it is looked up again", in_doubt=True)

    def _send(self, calls: Sequence[tuple[Demand, Effect | None, Decision]]) -> list[Demand]:
        run = self.run
        attempts, again = [], []
        at_once = len(calls) == 1 and len(run.pending) < 2  # one statement, which is a transaction of its own
        with nullcontext() if at_once else run.db.transaction():
            crash_point("effect.intending")
            intended_at = time.monotonic()  # not after the commit: a frozen database may take long to answer it
            if not at_once:
                run.begin_changes()
                run.flush()
            for demand, effect, decision in calls:
                intent = self._intent(demand, effect, decision)
                stored = run.intend(intent)
                if stored.effect_id is None:
                    again.append(demand)
                    continue
                attempts.append((demand, decision, intent, stored.effect_id, stored.attempt))
                if effect is None or not effect.failures:  # what is sent again because it failed is no further change
                    run.count_change(self.operation.connection, demand.record)
        crash_point("effect.intended")
        run.changed = True
        ends = _call_all(
            [
                partial(self._attempt, decision, intent, partial(renew_intent, run.db, effect_id, number, run.author))
                for _, decision, intent, effect_id, number in attempts
            ],
            intended_at,
            min(AT_ONCE, self.operation.at_once),
        )
        crash_point("effect.answered")
        for (demand, decision, intent, effect_id, number), ended in zip(attempts, ends, strict=True):
            run.pending.append(outcome_of(intent, effect_id, number, ended))
            self._settle(demand.record, ended)
            if isinstance(decision, Replay) and ended.state == "confirmed":
                again.append(demand)
        if again or WriteSafety.NEVER_RETRY in (self.operation.creates, self.operation.updates):
            self._flush()
            crash_point("effect.settled")
        return again

    def _flush(self) -> None:
        with self.run.db.transaction():
            self.run.flush()

    def _attempt(self, decision: Decision, intent: Intent, renew: Renewal, intended_at: float) -> Ended:
        operation, author = self.operation, self.run.author
        facts = {"engagement": author.engagement, "flow": author.flow, "connection": operation.connection}
        tier = tier_of(author.tier, operation.target)
        with working_for(tier), span(intent.label, **facts, effect=f"{intent.target}:{intent.subject}") as traced:
            ended = attempt(operation, decision, intent, intended_at, renew)
            traced.note(outcome=ended.state, external_id=ended.external_id, problem=ended.why)
        return ended

    def _intent(self, demand: Demand, effect: Effect | None, decision: Decision) -> Intent:
        keeps_old = isinstance(decision, Replay | Poll) and effect is not None and effect.content is not None
        ordinal = effect.ordinal if effect else 1
        subject = demand.record.subject
        key = f"{self.run.site_uid}/{self.operation.connection}/{self.operation.target}/{subject}#{ordinal}"
        return Intent(
            connection=self.operation.connection,
            target=self.operation.target,
            subject=subject,
            label=self.label,
            content=effect.content if keeps_old and effect and effect.content is not None else demand.payload,
            content_hash=effect.content_hash if keeps_old and effect else demand.content_hash,
            create_key=effect.create_key if keeps_old and effect else key,
            ordinal=ordinal,
            source_version=getattr(demand.record, "source_version", None),
            before=effect,
        )

    def _settle(self, record: Record, ended: Ended) -> None:
        until = self.run.started_at + timedelta(seconds=ended.wait_seconds or 0)
        match ended.state:
            case "confirmed":
                self.note(record, "confirmed", external_id=ended.external_id)
                self.links[record.id] = Link(self.label, "known", ended.external_id)
            case "accepted":
                self._wait(record, until, "the vendor works on it", "accepted")
            case "in_doubt":
                self._wait(record, until, f"unclear whether it happened: {ended.why}", "in_doubt", ended.tries)
            case "rejected" if ended.rejected is not None:
                self.refuse(record, ended.rejected)
                self.run.due.append(until)
            case _ if ended.unauthorized is not None:
                self._unauthorized(record, ended.unauthorized)
            case _:
                self._wait(record, until, ended.why or "is tried again by itself", "retrying", ended.tries)

    # ---- books ----------------------------------------------------------------------------------------------------

    def note(
        self, record: Record, what: StepWhat, *, external_id: str | None = None, detail: str | None = None
    ) -> None:
        self.run.steps.append(
            Step(
                label=self.label,
                what=what,
                connection=self.operation.connection,
                target=self.operation.target,
                subject=record.subject,
                external_id=external_id,
                detail=detail,
            )
        )

    def _wait(self, record: Record, until: datetime, why: str, what: StepWhat, tries: int = 0) -> None:
        operation = self.operation
        self.note(record, what, detail=f"{why} (until {until:%H:%M:%S} UTC)")
        if tries >= MOST_TRIES:
            where = {"label": self.label, "target": operation.target, "subject": record.subject}
            self.run.problems.append(tries_exhausted(operation.connection, why, **where))
        self.run.due.append(until)
        self.links[record.id] = Link(self.label, "unknown")

    def refuse(self, record: Record, error: Rejected) -> None:
        self.note(record, "refused", detail=error.message)
        self.links[record.id] = Link(self.label, "unknown")
        problem = problem_of(
            error,
            label=self.label,
            target=self.operation.target,
            subject=record.subject,
            legal_entity=legal_entity_of(record),
        )
        self.run.problems.append(problem)

    def _unauthorized(self, record: Record, error: Unauthorized) -> None:
        self.note(record, "waiting", detail=error.message)
        self.links[record.id] = Link(self.label, "unknown")
        self.run.problems.append(auth_problem(self.operation.system, error))


def _call_all(calls: Sequence[Callable[[float], Ended]], intended_at: float, at_once: int) -> list[Ended]:
    if len(calls) < 2:
        return [call(intended_at) for call in calls]
    ends: list[Ended] = []
    for start in range(0, len(calls), at_once):
        futures = [_senders.submit(copy_context().run, call, intended_at) for call in calls[start : start + at_once]]
        ends += [future.result() for future in futures]
    return ends
