"""Approved time in Tryton: timesheet lines that carry our reference as description, in batches of one transaction."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.records import Site
from tieline.sdk.errors import Rejected, Unavailable
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import Accepted, WriteSafety

LINE = "timesheet.line"
WORK = "timesheet.work"
LOOKED_UP = 200
"""References in one look-up."""
_REFERENCE = re.compile(r"(?P<base>.+?)(?:~(?P<seq>\d{1,9}))?")

Send = Callable[[Sequence[ErpLine]], Mapping[str, str]]


@dataclass
class _Progress:
    ids: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Rejected] = field(default_factory=dict)
    unsure: bool = False
    """A call broke off after others had been answered: what is in neither dict is looked up by whoever asked."""


@dataclass(kw_only=True)
class Timesheets:
    """The line sink of one connection. Costs are Tryton's own: the employee's cost price on the day."""

    site: Site
    connection: str
    system: str
    safety: WriteSafety
    quarantine: timedelta
    batch_size: int = 200
    at_once: int = 1

    def post(self, lines: Sequence[ErpLine], key: str) -> Settled | Accepted:
        """Charges first, then reversals, which may undo a charge of the same batch."""
        progress = _Progress()
        works = self._works(lines, progress)
        ready = [line for line in lines if line.reference not in progress.refused]
        charges = [line for line in ready if line.sign > 0]
        _settle(charges, lambda some: self._charge(some, works), progress)
        reversals = [line for line in ready if line.sign < 0]
        originals = self._originals(reversals, progress)
        _settle(list(originals), lambda some: self._reverse(some, originals, works), progress)
        return Settled(progress.ids, progress.refused)

    def poll(self, handle: str, lines: Sequence[ErpLine]) -> Settled | Accepted:
        """Tryton answers at once; there is nothing to wait for."""
        return Settled(self.find_many([line.reference for line in lines]), {})

    def find_many(self, references: Sequence[str]) -> Mapping[str, str]:
        """Ids of the lines with these references. Raises Rejected (duplicate) when one stands there twice."""
        found: dict[str, str] = {}
        for row in self._rows(references, ("description",)):
            reference, identifier = str(row["description"]), str(row["id"])
            if reference in found:
                ids = f"{found[reference]} and {identifier}"
                message = f"Tryton holds the time line {reference} twice (ids {ids})"
                raise Rejected(self.connection, message, kind="duplicate", field="time", key=reference, owner="finance")
            found[reference] = identifier
        return found

    def _rows(self, references: Sequence[str], fields: Sequence[str]) -> list[Row]:
        rows: list[Row] = []
        for start in range(0, len(references), LOOKED_UP):
            some = list(references[start : start + LOOKED_UP])
            domain = [["company", "=", self.site.client.company], ["description", "in", some]]
            rows += self.site.client.rows(LINE, domain, fields, limit=LOOKED_UP * 2)
        return rows

    def _works(self, lines: Sequence[ErpLine], progress: _Progress) -> dict[str, int]:
        """The timesheet work behind each task or project; a line without one is refused."""
        wanted = {line.reference: line.task or line.project for line in lines}
        numbers = sorted({int(ref) for ref in wanted.values() if ref.isascii() and ref.isdigit() and len(ref) < 16})
        rows = self.site.client.rows(
            "project.work", [["id", "in", numbers]], ["timesheet_works"], limit=max(len(numbers), 1)
        )
        works = {str(row["id"]): row["timesheet_works"][0] for row in rows if row.get("timesheet_works")}
        for reference, ref in wanted.items():
            if ref not in works:
                message = f"the project or task {ref} is gone in Tryton, or takes no time"
                refused = Rejected(self.connection, message, kind="master_data", field="project", key=ref)
                progress.refused[reference] = refused
        return works

    def _charge(self, lines: Sequence[ErpLine], works: Mapping[str, int]) -> Mapping[str, str]:
        values = [self._values(line, _seconds(line.minutes), works) for line in lines]
        ids = self.site.client.create(LINE, values)
        return {line.reference: str(identifier) for line, identifier in zip(lines, ids, strict=True)}

    def _originals(self, lines: Sequence[ErpLine], progress: _Progress) -> dict[ErpLine, Row]:
        """The charge each reversal undoes: the newest of the same source line with the same duration."""
        before = {line: _earlier(line.reference) for line in lines}
        references = sorted({reference for earlier in before.values() for reference in earlier})
        fields = ("description", "duration", "work", "employee", "date")
        stored = {str(row["description"]): row for row in self._rows(references, fields)}
        originals: dict[ErpLine, Row] = {}
        for line, earlier in before.items():
            same = [row for reference in earlier if (row := stored.get(reference)) and _undoes(line, row)]
            if same:
                originals[line] = same[0]
                continue
            message = f"the time line that {line.reference} takes back is not in Tryton, or was changed there"
            refused = Rejected(self.connection, message, kind="business_rule", field="time", owner="finance")
            progress.refused[line.reference] = refused
        return originals

    def _reverse(
        self, lines: Sequence[ErpLine], originals: Mapping[ErpLine, Row], works: Mapping[str, int]
    ) -> Mapping[str, str]:
        """A duration below zero is refused (seen on 8.2), so the original goes to zero and a line of zero hours says
        why; both in one transaction, through the work they hang on."""
        changes: dict[int, list[list[object]]] = {}
        for line in lines:
            original = originals[line]
            commands = changes.setdefault(original["work"], [])
            commands.append(["write", [original["id"]], {"duration": timedelta(0)}])
            values = self._values(line, timedelta(0), works)
            commands.append(["create", [{name: value for name, value in values.items() if name != "work"}]])
        pairs: list[object] = []
        for work, commands in changes.items():
            pairs += [[work], {"timesheet_lines": commands}]
        self.site.client.call(WORK, "write", *pairs, write=True)
        return self.find_many([line.reference for line in lines])

    def _values(self, line: ErpLine, duration: timedelta, works: Mapping[str, int]) -> Row:
        return {
            "company": self.site.client.company,
            "employee": self.site.number(line.person),
            "date": line.booked_on,
            "duration": duration,
            "work": works[line.task or line.project],
            "description": line.reference,
        }


def _settle(lines: Sequence[ErpLine], send: Send, progress: _Progress) -> None:
    """Send; a refused batch is halved until the refused lines stand alone, so that one never stops the others."""
    if not lines or progress.unsure:
        return
    try:
        progress.ids.update(send(lines))
    except Rejected as refused:
        if len(lines) == 1:
            progress.refused[lines[0].reference] = refused
            return
        half = len(lines) // 2
        _settle(lines[:half], send, progress)
        _settle(lines[half:], send, progress)
    except Unavailable:
        if not progress.ids:
            raise
        progress.unsure = True


def _seconds(minutes: Decimal) -> timedelta:
    return timedelta(seconds=int(minutes * 60))


def _earlier(reference: str) -> list[str]:
    """References of the same source line before this one, the newest first."""
    match = _REFERENCE.fullmatch(reference)
    if match is None or match["seq"] is None:
        return []
    base, seq = match["base"], int(match["seq"])
    return [f"{base}~{number}" for number in range(seq - 1, max(seq - 50, 0), -1)] + [base]


def _undoes(line: ErpLine, row: Row) -> bool:
    return bool(row.get("duration") == _seconds(-line.minutes) and str(row.get("employee")) == line.person)
