"""Time entries and expenses for the bulk lane: as plain rows, straight from the vendor's JSON.

Two feeds in one cursor. Approval, rejection and cancellation may change only the submission, so first the submissions
are swept, and the lines of changed ones read; then the lines that changed themselves. The version of a line is the
newer moment of both, so that an approval is newer than the entry it approves.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from tieline.connectors.kantata.client import Page, Row, is_id
from tieline.connectors.kantata.reading import microseconds, moment
from tieline.connectors.kantata.records import Account
from tieline.connectors.kantata.sweep import Position, Sweep, is_settled
from tieline.sdk import jsontext
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import LinePage, SourceLine

SUBMISSIONS_A_READ = 50
MOST_REMEMBERED = 2_000
MOST_NAMED = 200
"""Lines asked for by id in one call."""
MINUTE, EACH, ONE = "min", "each", Decimal(1)
FIRST = Position()


@dataclass(frozen=True, slots=True)
class Source:
    """What the two kinds of lines differ in."""

    kind: Literal["time", "expense"]
    words: str
    plural: str
    submissions: str
    of_submissions: str
    """The filter for the lines whose newest submission is one of those named."""
    order: str
    """Expenses cannot be sorted by their change; the sweep holds for any order."""
    include: str
    build: Callable[[Row, "Beside"], SourceLine]


@dataclass(frozen=True, slots=True)
class Submission:
    """The newest submission of a line."""

    changed: datetime
    approved: bool
    approver: str | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What was loaded beside a page of lines."""

    roles: Mapping[str, str]
    submissions: Mapping[str, Submission]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where both feeds stand, and the submissions whose lines are still to be read."""

    submissions: Position
    lines: Position
    turn: Literal["submissions", "lines"] = "submissions"
    waiting: tuple[str, ...] = ()
    of_waiting: Position = FIRST
    seen: dict[str, str] = field(default_factory=dict)
    """Submissions within the overlap, with the change their lines were read for."""

    def text(self) -> str:
        """The opaque cursor."""
        places = {name: getattr(self, name).as_json() for name in ("submissions", "lines", "of_waiting")}
        rest = {"turn": self.turn, "waiting": self.waiting, "seen": self.seen}
        return jsontext.dumps(places | rest).decode()

    @staticmethod
    def of_text(text: str) -> "Cursor":
        """From its text. Raises ValueError, KeyError, TypeError or AttributeError."""
        value: Any = jsontext.loads(text)
        places = {name: Position.of_json(value[name]) for name in ("submissions", "lines", "of_waiting")}
        if value["turn"] not in ("submissions", "lines"):
            raise ValueError("no turn of ours")
        return Cursor(
            turn=value["turn"], waiting=tuple(map(str, value["waiting"])), seen=dict(value["seen"].items()), **places
        )


@dataclass(frozen=True, slots=True)
class LineFeed:
    """The lines of one kind."""

    account: Account
    source: Source

    def page(self, text: str | None) -> LinePage:
        """One page of lines. Raises the three errors."""
        cursor = self._known(text)
        if not cursor.waiting and cursor.turn == "submissions":
            cursor, page = self._changed_submissions(cursor)
            if not cursor.waiting and cursor.turn == "submissions":
                return LinePage((), page.body, cursor.text(), more=True)
        return self._lines_of_waiting(cursor) if cursor.waiting else self._changed_lines(cursor)

    def named(self, ids: Sequence[str]) -> LinePage:
        """These lines as they stand now; `only` leaves out what is gone (fact sheet section 2)."""
        wanted = ",".join(dict.fromkeys(one for one in ids if is_id(one)))
        if not wanted:
            return LinePage((), b"{}", "", more=False)
        include = self.source.include
        page = self.account.kantata.page(self.source.plural, only=wanted, include=include, per_page=MOST_NAMED)
        return LinePage(self._lines(page.rows, page), page.body, "", more=False)

    def approved(self) -> Iterator[str]:
        """Ids of all approved lines that exist now. A gap would pass for deleted lines: the sweep leaves none."""
        sweep, place, ended = self._sweep("created_at", {"approved": "true"}), Position(), False
        while not ended:
            page = sweep.read(place)
            # The filter also lets lines of projects without approvals pass, which count as approved by nobody.
            yield from (str(row["id"]) for row in page.page.rows if row.get("approved") is True)
            place, ended = page.position, page.ended

    def _known(self, text: str | None) -> Cursor:
        if text is None:
            since = self.account.options.changes_since
            start = Position(datetime.combine(since, time(), UTC) if since else None)
            return Cursor(start, start)
        try:
            return Cursor.of_text(text)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = "cannot go on from its cursor, which is none of this connector"
            raise Rejected(self.account.connection, message, kind="internal") from error

    def _changed_submissions(self, cursor: Cursor) -> tuple[Cursor, Page]:
        turn = self._submissions().read(cursor.submissions)
        stamps = {str(row["id"]): str(row["updated_at"]) for row in turn.rows}
        waiting = tuple(key for key, stamp in stamps.items() if cursor.seen.get(key) != stamp)
        seen = _within(cursor.seen | stamps, turn.position.after if turn.ended else None)
        changed = replace(cursor, submissions=turn.position, waiting=waiting, seen=seen)
        return replace(changed, turn="lines") if turn.ended else changed, turn.page

    def _lines_of_waiting(self, cursor: Cursor) -> LinePage:
        some = cursor.waiting[:SUBMISSIONS_A_READ]
        turn = self._sweep("created_at", {self.source.of_submissions: ",".join(some)}).read(cursor.of_waiting)
        if turn.ended:
            following = replace(cursor, waiting=cursor.waiting[len(some) :], of_waiting=FIRST)
        else:
            following = replace(cursor, of_waiting=turn.position)
        return LinePage(self._lines(turn.rows, turn.page), turn.page.body, following.text(), more=True)

    def _changed_lines(self, cursor: Cursor) -> LinePage:
        turn = self._sweep(self.source.order, {}).read(cursor.lines)
        following = replace(cursor, lines=turn.position, turn="submissions" if turn.ended else "lines")
        return LinePage(self._lines(turn.rows, turn.page), turn.page.body, following.text(), more=not turn.ended)

    def _submissions(self) -> Sweep:
        # By their day: there is no order by change. The parameter is `date`, the field `start_date`.
        overlap = timedelta(seconds=self.account.options.overlap_seconds)
        return Sweep(self.account.kantata, self.source.submissions, overlap, {}, order="date", key="start_date")

    def _sweep(self, order: str, more: Mapping[str, str]) -> Sweep:
        overlap = timedelta(seconds=self.account.options.overlap_seconds)
        params = {"include": self.source.include, **more}
        return Sweep(self.account.kantata, self.source.plural, overlap, params, order=order, key=order)

    def _lines(self, rows: Sequence[Row], page: Page) -> Sequence[SourceLine]:
        """The rows as lines, less those whose submission changed this very second: they come again."""
        lines: list[SourceLine] = []
        beside = self._beside(page)
        build, fresh = self.source.build, {key for key, one in beside.submissions.items() if _is_fresh(one, page)}
        for row in rows:
            try:
                if row.get("recent_submission_id") not in fresh:
                    lines.append(build(row, beside))
            except KeyError as error:
                message = f"{self.source.words} {row['id']} came without its {error.args[0]}: may we see all of it?"
                raise Rejected(self.account.connection, message, kind="schema_drift", key=str(row["id"])) from error
            except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
                message = f"{self.source.words} {row['id']} came in a form we do not know: {error!r:.200}"
                raise Rejected(self.account.connection, message, kind="schema_drift", key=str(row["id"])) from error
        return lines

    def _beside(self, page: Page) -> Beside:
        roles = page.side("roles")
        try:
            submissions = {key: self._submission(row) for key, row in page.side(self.source.submissions).items()}
            return Beside({key: str(row["name"]) for key, row in roles.items()}, submissions)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            message = f"what stands beside {self.source.words} came in a form we do not know: {error!r:.200}"
            raise Rejected(self.account.connection, message, kind="schema_drift") from error

    def _submission(self, row: Row) -> Submission:
        approved = row["status"] == "approved"
        approver = row.get("current_resolution_creator_id") if approved else None
        email = self.account.directory.email_of(str(approver)) if approver else None
        return Submission(moment(row["updated_at"]), approved, email)


def _is_fresh(submission: Submission, page: Page) -> bool:
    return not is_settled(submission.changed, page.sent_at)


def _within(seen: Mapping[str, str], after: datetime | None) -> dict[str, str]:
    """What the next sweep will meet again; of very many the newest."""
    kept = [(key, stamp) for key, stamp in seen.items() if after is None or moment(stamp) >= after]
    return dict(sorted(kept, key=lambda item: moment(item[1]))[-MOST_REMEMBERED:])


def _shared(row: Row, beside: Beside) -> tuple[int, Submission | None]:
    """Version and newest submission of a line. Raises KeyError when the submission is named but was not sent."""
    changed, newest = moment(row["updated_at"]), row.get("recent_submission_id")
    submission = beside.submissions[newest] if newest else None
    return microseconds(max(changed, submission.changed) if submission else changed), submission


def time_line(row: Row, beside: Beside) -> SourceLine:
    """A time entry. Whether it is approved is its own field: lists cannot be asked for both kinds at once."""
    version, submission = _shared(row, beside)
    return SourceLine(
        kind="time",
        source_id=row["id"],
        source_version=version,
        approved=_flag(row, "approved"),
        project_ref=row["workspace_id"],
        task_ref=row.get("story_id"),
        person_ref=row["user_id"],
        role=beside.roles.get(row.get("role_id") or ""),
        work_date=date.fromisoformat(row["date_performed"]),
        quantity=Decimal(_whole(row, "time_in_minutes")),
        unit=MINUTE,
        billable=_flag(row, "billable"),
        approved_by=submission.approver if submission else None,
        approved_at=submission.changed if submission and submission.approved else None,
        note=row.get("notes") or None,
    )


def expense_line(row: Row, beside: Beside) -> SourceLine:
    """An expense, in the currency of its project."""
    version, submission = _shared(row, beside)
    return SourceLine(
        kind="expense",
        source_id=row["id"],
        source_version=version,
        approved=_flag(row, "approved"),
        project_ref=row["workspace_id"],
        task_ref=row.get("story_id"),
        person_ref=row["user_id"],
        role=beside.roles.get(row.get("role_id") or ""),
        work_date=date.fromisoformat(row["date"]),
        quantity=ONE,
        unit=EACH,
        billable=_flag(row, "billable"),
        currency=row["currency"],
        amount=Decimal(_whole(row, "amount_in_cents")) / _whole(row, "currency_base_unit"),
        approved_by=submission.approver if submission else None,
        approved_at=submission.changed if submission and submission.approved else None,
        note=row.get("notes") or None,
        attributes={
            "category": row["category"],
            "reimbursable": row.get("reimbursable") is True,
        },
    )


def _flag(row: Row, name: str) -> bool:
    value = row[name]
    if value is not True and value is not False:
        raise TypeError(f"{name} is neither true nor false")
    return value


def _whole(row: Row, name: str) -> int:
    value = row[name]
    if type(value) is not int:
        raise TypeError(f"{name} is no whole number")
    return value


TIME = Source(
    kind="time",
    words="Time entry",
    plural="time_entries",
    submissions="timesheet_submissions",
    of_submissions="with_recent_timesheet_ids",
    order="updated_at",
    include="workspace,user,story,role,recent_submission",
    build=time_line,
)
EXPENSES = Source(
    kind="expense",
    words="Expense",
    plural="expenses",
    submissions="expense_report_submissions",
    of_submissions="with_recent_expense_report_ids",
    order="created_at",
    include="workspace,user,story,role,recent_submission",
    build=expense_line,
)
