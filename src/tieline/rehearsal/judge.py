"""The verdict: what had to hold, and what was found, from the stand-ins' ledgers alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tieline.rehearsal.firm import ARCHITECT, RATES, Consultant, Firm
from tieline.rehearsal.ledgers import Ledgers, Project, Worked, source_of
from tieline.rehearsal.queue import Waiting

CENT, SIXTY = Decimal("0.01"), Decimal(60)
EXAMPLES = 5


@dataclass(frozen=True, kw_only=True)
class Law:
    """One thing that had to hold. `broken` names what breaks it; empty when it held."""

    name: str
    meaning: str
    found: str
    broken: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """Whether nothing breaks it."""
        return not self.broken


@dataclass(slots=True)
class Balance:
    """One legal entity: hours by set of entries, money at the price of the contract."""

    entity: str
    currency: str
    entries: int = 0
    minutes: int = 0
    posted_entries: int = 0
    posted: int = 0
    waiting_entries: int = 0
    waiting: int = 0
    worth: Decimal = Decimal(0)
    invoiced: Decimal = Decimal(0)
    drafted: Decimal = Decimal(0)
    waiting_worth: Decimal = Decimal(0)

    @property
    def unexplained(self) -> int:
        """Minutes approved and neither booked nor waiting, or booked and not approved."""
        return self.minutes - self.posted - self.waiting

    @property
    def unexplained_worth(self) -> Decimal:
        """Money, likewise."""
        return self.worth - self.invoiced - self.drafted - self.waiting_worth


@dataclass
class Verdict:
    """All laws and the conservation table."""

    laws: list[Law] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    worths: dict[int, dict[str, Decimal]] = field(default_factory=dict)
    """What waits for each exception, by its number and currency."""

    @property
    def passed(self) -> bool:
        """Whether every law held."""
        return all(law.held for law in self.laws)


class Judge:
    """Compares the books of the vendors."""

    def __init__(self, firm: Firm, users: Mapping[str, str], ledgers: Ledgers) -> None:
        self._people = {one.email: one for one in firm.consultants}
        self._user = {user: self._people[email] for email, user in users.items()}
        self._ledgers = ledgers

    def is_settled(self, waiting: Sequence[Waiting]) -> bool:
        """Whether hours and money balance now."""
        return all(not one.unexplained and not one.unexplained_worth for one in self.balances(waiting))

    def verdict(self, waiting: Sequence[Waiting], totals: Mapping[str, Decimal]) -> Verdict:
        """The final one. `totals`: what the ERP says each invoice is worth before tax."""
        stuck = {entry for one in waiting for entry in one.entries}
        laws = [
            self._lost(stuck),
            self._twice(),
            self._corrections(),
            self._right_place(),
            self._invoices(waiting),
            self._agree(totals),
            self._owners(waiting, stuck),
            self._doubles(),
        ]
        return Verdict(laws, self.balances(waiting), {one.id: self._held(one) for one in waiting})

    def _held(self, one: Waiting) -> dict[str, Decimal]:
        projects = {project.workspace: project for project in self._ledgers.sales.projects()}
        held: dict[str, Decimal] = defaultdict(Decimal)
        for key in one.entries:
            worked = self._ledgers.approvals.entries[key]
            project = projects[worked.workspace]
            held[project.currency] += self._worth(project, worked)
        return dict(held)

    def balances(self, waiting: Sequence[Waiting]) -> list[Balance]:
        """The conservation table, by legal entity and currency."""
        stuck = {entry for one in waiting for entry in one.entries}
        projects = {one.workspace: one for one in self._ledgers.sales.projects()}
        jobs = {one.job: one for one in projects.values()}
        table: dict[tuple[str, str], Balance] = {}

        def row(project: Project) -> Balance:
            key = project.entity, project.currency
            return table.setdefault(key, Balance(*key))

        net = self._net()
        for key, worked in self._ledgers.approvals.approved().items():
            project = projects[worked.workspace]
            one, worth = row(project), self._worth(project, worked)
            one.entries, one.minutes, one.worth = one.entries + 1, one.minutes + worked.minutes, one.worth + worth
            if key in stuck and not net.get(key):
                one.waiting_entries, one.waiting = one.waiting_entries + 1, one.waiting + worked.minutes
                one.waiting_worth += worth
            elif net.get(key):
                one.posted_entries += 1
        for line in self._ledgers.books.lines.values():
            row(jobs[line.job]).posted += line.minutes
        for invoice in self._ledgers.books.invoices.values():
            for job, amount in invoice.amounts.items():
                one = row(jobs[job])
                one.invoiced += amount if invoice.released else 0
                one.drafted += 0 if invoice.released else amount
        return [table[key] for key in sorted(table)]

    # ---- the laws ----

    def _lost(self, stuck: set[str]) -> Law:
        net, approved = self._net(), self._ledgers.approvals.approved()
        missing = [key for key in approved if not net.get(key) and key not in stuck]
        there = sum(1 for key in approved if net.get(key))
        return Law(
            name="No hour is lost",
            meaning="Every approved time entry is in the ERP, or waits in front of a person.",
            found=f"{len(approved):,} approved entries: {there:,} in the ERP, {len(approved) - there - len(missing):,}"
            f" waiting for a person, {len(missing):,} lost",
            broken=_some(f"time entry {key} of {approved[key].day} is nowhere" for key in missing),
        )

    def _twice(self) -> Law:
        copies = {ref: line.ids for ref, line in self._ledgers.books.lines.items() if len(line.ids) > 1}
        live: dict[str, int] = defaultdict(int)
        for reference in self._ledgers.books.lines:
            key, sequence = source_of(reference)
            live[key] += -1 if sequence % 2 else 1
        doubled = [key for key, count in live.items() if count > 1]
        return Law(
            name="No line is there twice",
            meaning="Each time entry has at most one line in the ERP that was not reversed, under one number.",
            found=f"{len(self._ledgers.books.lines):,} lines in the ERP, {len(doubled) + len(copies):,} of them double",
            broken=_some(
                [f"{ref} has the numbers {', '.join(sorted(ids))}" for ref, ids in copies.items()]
                + [f"time entry {key} has {live[key]} lines" for key in doubled]
            ),
        )

    def _corrections(self) -> Law:
        book, net = self._ledgers.approvals, self._net()
        touched = book.corrected | book.unapproved
        wrong = []
        for key, minutes in net.items():
            worked = book.entries.get(key)
            wanted = worked.minutes if worked is not None and worked.approved else 0
            if minutes != wanted and (minutes or key in touched):
                wrong.append(f"time entry {key}: {minutes} minutes in the ERP, {wanted} approved")
        reversals = sum(source_of(reference)[1] % 2 for reference in self._ledgers.books.lines)
        return Law(
            name="Every correction nets out",
            meaning="What was changed or taken back after approval stands in the ERP with its newest approved hours.",
            found=f"{len(book.corrected):,} entries changed and {len(book.unapproved):,} taken back after approval,"
            f" {reversals:,} reversals in the ERP, {len(wrong):,} entries with wrong hours",
            broken=_some(wrong),
        )

    def _right_place(self) -> Law:
        jobs = {one.workspace: one.job for one in self._ledgers.sales.projects()}
        wrong = []
        for reference, line in self._ledgers.books.lines.items():
            worked = self._ledgers.approvals.entries.get(source_of(reference)[0])
            if worked is None:
                wrong.append(f"{reference} comes from no time entry")
                continue
            person = self._user[worked.user].email
            if (line.job, line.day) != (jobs.get(worked.workspace), worked.day):
                wrong.append(f"{reference} stands on another project or day")
            elif self._ledgers.books.emails.get(line.employee) != person:
                wrong.append(f"{reference} stands on another person than {person}")
        return Law(
            name="Every line is in its place",
            meaning="Project, person and day of each line in the ERP are those of its time entry.",
            found=f"{len(self._ledgers.books.lines) - len(wrong):,} lines in place, {len(wrong):,} elsewhere",
            broken=_some(wrong),
        )

    def _invoices(self, waiting: Sequence[Waiting]) -> Law:
        """By project: the ERP's own time lines at the contract's rates against the invoices' lines."""
        projects = {one.job: one for one in self._ledgers.sales.projects()}
        lines: dict[str, Decimal] = defaultdict(Decimal)
        for line in self._ledgers.books.lines.values():
            person = self._people[self._ledgers.books.emails[line.employee]]
            lines[line.job] += self._priced(projects[line.job], person, line.minutes)
        bills: dict[str, Decimal] = defaultdict(Decimal)
        for invoice in self._ledgers.books.invoices.values():
            for job, amount in invoice.amounts.items():
                bills[job] += amount
        wrong = [job for job in projects if lines[job] != bills[job]]
        count = len(self._ledgers.books.invoices)
        return Law(
            name="Invoices add up to the ERP's lines",
            meaning="By project, invoice lines and credits come to the booked hours at the contract's rates.",
            found=f"{count:,} invoices on {len(projects):,} projects, {len(wrong):,} projects off",
            broken=_some(
                f"project {job}: {projects[job].currency} {lines[job]:,.2f} booked, {bills[job]:,.2f} invoiced"
                for job in wrong
            ),
        )

    def _agree(self, totals: Mapping[str, Decimal]) -> Law:
        sums = {key: sum(one.amounts.values(), Decimal(0)) for key, one in self._ledgers.books.invoices.items()}
        wrong = [key for key, amount in sums.items() if totals.get(key) != amount]
        return Law(
            name="The ERP's own totals agree",
            meaning="The net total finance sees on each invoice is the sum of the lines that were sent.",
            found=f"{len(sums) - len(wrong):,} invoices agree, {len(wrong):,} do not",
            broken=_some(f"invoice {key}: {totals.get(key)} instead of {sums[key]}" for key in wrong),
        )

    def _owners(self, waiting: Sequence[Waiting], stuck: set[str]) -> Law:
        """What was planted wrong is what waits, each with an owner; and nothing else does."""
        planted = {
            key
            for key, worked in self._ledgers.approvals.approved().items()
            if self._user[worked.user].role == ARCHITECT or not self._user[worked.user].known_in_erp
        }
        problems = [f"exception '{one.message}' has no owner" for one in waiting if not one.owner]
        problems += [f"time entry {key} waits although nothing is wrong with it" for key in stuck - planted]
        problems += [f"time entry {key} should wait and does not" for key in planted - stuck]
        return Law(
            name="What is stuck has an owner",
            meaning="Faults planted in the master data stop exactly their own entries, as exceptions with an owner.",
            found=f"{len(planted):,} entries had to wait, {len(stuck):,} wait in {len(waiting):,} exceptions",
            broken=_some(problems),
        )

    def _doubles(self) -> Law:
        found = {**self._ledgers.books.ids, **self._ledgers.sales.ids}
        doubled = [f"{kind} {reference}" for (kind, reference), ids in found.items() if len(ids) > 1]
        records = sum(1 for kind, _ in found if kind != "timeBill")
        return Law(
            name="No record was made twice",
            meaning="Customers, projects, tasks, orders and invoices exist once under our reference.",
            found=f"{records:,} records besides time, {len(doubled):,} of them double",
            broken=_some(doubled),
        )

    # ---- helpers of the laws ----

    def _net(self) -> dict[str, int]:
        """Minutes in the ERP by time entry, reversals netted."""
        net: dict[str, int] = defaultdict(int)
        for reference, line in self._ledgers.books.lines.items():
            net[source_of(reference)[0]] += line.minutes
        return dict(net)

    def _worth(self, project: Project, worked: Worked) -> Decimal:
        return self._priced(project, self._user[worked.user], worked.minutes)

    def _priced(self, project: Project, person: Consultant, minutes: int) -> Decimal:
        sold = self._ledgers.sales.rates.get((project.opportunity, person.role))
        rate = sold if sold is not None else RATES[person.role, project.currency]
        return (rate * minutes / SIXTY).quantize(CENT)


def _some(problems: Iterable[str]) -> tuple[str, ...]:
    found = list(problems)
    more = len(found) - EXAMPLES
    return (*found[:EXAMPLES], f"and {more:,} more") if more > 0 else tuple(found)
