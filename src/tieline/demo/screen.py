"""What the demo shows in the terminal: a timeline that grows, who acts where, and the checks at the end."""

import threading
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tieline.app.views.exceptions import list_exceptions
from tieline.app.views.timeline import TimelineItem, read_timeline
from tieline.demo.report import newest_engagement
from tieline.demo.story import Check
from tieline.store.database import Database

COLOURS = {"confirmed": "green", "done": "green", "approved": "green", "refused": "red", "unclear": "magenta"}
NAMES = {"salesforce": "Salesforce", "kantata": "Kantata", "netsuite": "NetSuite", "tryton": "Tryton"}


class Screen:
    """Prints a line per event as it is committed; `close` prints what is left."""

    def __init__(self, console: Console, database: Database) -> None:
        self._console = console
        self._database = database
        self._after = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="screen", daemon=True)
        self._thread.start()

    def say(self, who: str, what: str) -> None:
        """Somebody does something in a system of theirs."""
        self._show_new()
        self._console.print(f"[bold cyan]{who:>10}[/] [bold]{escape(what)}[/]", soft_wrap=True)

    def stalled(self) -> str:
        """What Tieline itself says waits."""
        with self._database.connection() as db:
            rows = list_exceptions(db, limit=5)
        return " ".join(f"Exception {row.id}: {row.message}." for row in rows) or "No exception is open."

    def close(self) -> None:
        """Stop following."""
        self._stopped.set()
        self._thread.join()
        self._show_new()

    def checks(self, checks: Sequence[Check]) -> None:
        """The read-backs."""
        table = Table(
            "read back from the vendors", "expected", "found", "", title_justify="left", box=None, padding=(0, 2)
        )
        for check in checks:
            table.add_row(check.name, check.expected, check.found, "[green]ok[/]" if check.ok else "[red]differs[/]")
        self._console.print()
        self._console.print(table)

    def _follow(self) -> None:
        while not self._stopped.wait(0.2):
            self._show_new()

    def _show_new(self) -> None:
        with self._lock, self._database.connection() as db:
            engagement = newest_engagement(db)
            if engagement is None:
                return
            items = read_timeline(db, engagement, after=self._after)
            for _, group in groupby(items, key=lambda item: (item.connection, item.step, item.outcome)):
                alike = list(group)
                self._after = alike[-1].number
                self._console.print(_line(alike), soft_wrap=True)


def _line(alike: Sequence[TimelineItem]) -> str:
    """One line for what is said alike: five tasks in one system are one line."""
    item = alike[0]
    colour = COLOURS.get(item.outcome, "yellow")
    system = NAMES.get(item.connection or "", item.connection or "Tieline")
    step = escape(item.step) + (f" ({len(alike)})" if len(alike) > 1 else "")
    ids = escape(", ".join(one.vendor_id for one in alike if one.vendor_id))
    return f"[dim]{item.at:%H:%M:%S}[/]   {system:<11}{step:<32}[{colour}]{item.outcome:<10}[/][dim]{ids}[/]"
