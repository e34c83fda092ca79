"""Delivery in Kantata: projects are staffed, weeks are booked, handed in, sent back, approved and corrected."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from tieline_standins.simulation.agenda import Agenda
from tieline_standins.simulation.pipeline import HOURS_A_WEEK, Deal
from tieline_standins.simulation.sales import task_of
from tieline_standins.simulation.timesheets import Sheet, week_of
from tieline_standins.simulation.wire import Kantata, Row


@dataclass(slots=True)
class Place:
    """A project as its people see it in the PSA."""

    workspace: int
    tasks: dict[str, int] = field(default_factory=dict)
    """Title -> id; milestones too."""


@dataclass(slots=True)
class Delivery:
    """Everybody in delivery. `users` are the PSA's ids by e-mail."""

    kantata: Kantata
    users: dict[str, str]
    seed: int
    places: dict[int, Place] = field(default_factory=dict)
    sheets: list[Sheet] = field(default_factory=list)
    reached: dict[tuple[int, str], date] = field(default_factory=dict)
    """(deal, milestone) -> when it was set to completed."""
    _typing: Agenda[Sheet] = field(default_factory=Agenda)
    _deciding: Agenda[Sheet] = field(default_factory=Agenda)
    _correcting: Agenda[Sheet] = field(default_factory=Agenda)

    def find_projects(self, wanted: Sequence[Deal]) -> list[Deal]:
        """Look for the projects of won deals, and staff those that are there; returns those that are not yet."""
        missing = {deal.name: deal for deal in wanted if deal.number not in self.places}
        if not missing:
            return []
        titles = {row["title"]: int(row["id"]) for row in self.kantata.list("workspaces", "order=created_at:desc")}
        for name, deal in list(missing.items()):
            if name in titles and (place := self._place(deal, titles[name])) is not None:
                self.places[deal.number] = place
                self._staff(deal, place)
                del missing[name]
        return list(missing.values())

    def act(self, day: date, running: Sequence[Deal]) -> None:
        """What delivery does on a day, on the projects that are there."""
        if day.weekday() == 4:
            self._write_down(running, day - timedelta(days=4))
        self._hand_in(list(self._typing.due(day)))
        self._decide(list(self._deciding.due(day)))
        for sheet in self._correcting.due(day):
            self._correct(sheet)
        for deal in running:
            for one in deal.milestones:
                if one.reached_on == day or (one.reached_on < day and (deal.number, one.name) not in self.reached):
                    self._complete(deal, one.name, day)

    def minutes_approved(self) -> int:
        """What the ERP should have been told by now: approved time of people it knows."""
        approved = (sheet for sheet in self.sheets if sheet.is_approved and sheet.consultant.known_in_erp)
        return sum(entry.minutes for sheet in approved for entry in sheet.entries)

    def _place(self, deal: Deal, workspace: int) -> Place | None:
        """The project with its tasks, None while they are still being set up."""
        rows = self.kantata.list("stories", f"workspace_id={workspace}")
        tasks = {str(row["title"]): int(row["id"]) for row in rows}
        wanted = [one.name for one in deal.milestones] or [task_of(role) for role in deal.planned_hours]
        return Place(workspace, tasks) if all(title in tasks for title in wanted) else None

    def _staff(self, deal: Deal, place: Place) -> None:
        people = [{"workspace_id": place.workspace, "user_id": int(self.users[one.email])} for one in deal.team]
        resources = [self.kantata.create("workspace_resources", [row])[0] for row in people]
        weeks = max(1, (deal.ends_on - deal.starts_on).days // 7 + 1)
        for resource in resources:
            row = {
                "resource_id": resource,
                "start_date": deal.starts_on.isoformat(),
                "end_date": deal.ends_on.isoformat(),
                "minutes": int(weeks * HOURS_A_WEEK * 60),
                "hard": True,
            }
            self.kantata.call("POST", "/api/v1/workspace_allocations", {"workspace_allocation": row})

    def _write_down(self, deals: Sequence[Deal], monday: date) -> None:
        """Everybody knows what the week was; when it is typed in is another matter."""
        for deal in deals:
            if deal.starts_on <= monday + timedelta(days=4) and deal.ends_on >= monday:
                for one in deal.team:
                    sheet = week_of(deal, one, monday, self.seed)
                    if sheet is not None:
                        self._typing.note(sheet.typed_on, sheet)

    def _hand_in(self, sheets: Sequence[Sheet]) -> None:
        rows = [self._entry(sheet, number) for sheet in sheets for number in range(len(sheet.entries))]
        ids = iter(self.kantata.create("time_entries", rows))
        for sheet in sheets:
            for entry in sheet.entries:
                entry.id = next(ids)
            self._deciding.note(sheet.approved_on, sheet)
        self.sheets += sheets
        self._submit(sheets)

    def _submit(self, sheets: Sequence[Sheet]) -> None:
        rows = [
            {
                "workspace_id": self.places[sheet.deal.number].workspace,
                "user_id": int(self.users[sheet.consultant.email]),
                "title": f"Week of {sheet.entries[0].day:%d %b}",
                "line_item_ids": [entry.id for entry in sheet.entries],
            }
            for sheet in sheets
        ]
        for sheet, key in zip(sheets, self.kantata.create("timesheet_submissions", rows), strict=True):
            sheet.submission = key

    def _decide(self, sheets: Sequence[Sheet]) -> None:
        """Project managers send some back once, where a day is put right, and approve the rest."""
        back = [sheet for sheet in sheets if sheet.rejected_first]
        if back:
            self._resolve("timesheet_rejections", back)
            for sheet in back:
                self._change(sheet, -15)
            self._submit(back)
        self._resolve("timesheet_approvals", sheets)
        for sheet in sheets:
            sheet.is_approved = True
            if sheet.corrected_on is not None:
                self._correcting.note(sheet.corrected_on, sheet)

    def _resolve(self, plural: str, sheets: Sequence[Sheet]) -> None:
        for start in range(0, len(sheets), 100):
            ids = [sheet.submission for sheet in sheets[start : start + 100]]
            self.kantata.call("POST", f"/api/v1/{plural}", {"resolution": {"submission_ids": ids}})

    def _correct(self, sheet: Sheet) -> None:
        """A day of an approved week was longer than it was told."""
        self._change(sheet, 30)

    def _change(self, sheet: Sheet, minutes: int) -> None:
        entry = max(sheet.entries, key=lambda one: one.minutes)
        entry.minutes += minutes
        body = {"time_entry": {"time_in_minutes": entry.minutes}}
        self.kantata.call("PUT", f"/api/v1/time_entries/{entry.id}", body)

    def _complete(self, deal: Deal, name: str, day: date) -> None:
        story = self.places[deal.number].tasks[name]
        self.kantata.call("PUT", f"/api/v1/stories/{story}", {"story": {"state": "completed"}})
        self.reached[deal.number, name] = day

    def _entry(self, sheet: Sheet, number: int) -> Row:
        place, entry = self.places[sheet.deal.number], sheet.entries[number]
        row: Row = {
            "workspace_id": place.workspace,
            "user_id": int(self.users[sheet.consultant.email]),
            "date_performed": entry.day.isoformat(),
            "time_in_minutes": entry.minutes,
            "billable": not sheet.deal.milestones,
            "notes": entry.note,
        }
        task = place.tasks.get(task_of(sheet.consultant.role))
        return row if task is None else row | {"story_id": task}
