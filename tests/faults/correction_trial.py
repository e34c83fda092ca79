"""One trial of random corrections: people, senders, deaths and time, as a seed says; and what must hold at its end."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from threading import Lock

from tests.faults.strict_erp import Death, StrictErp
from tests.faults.timesheets import DAYS, Timesheets
from tests.lane.world import ERP, PEOPLE, PSA, RATES, World, a_firm, a_project, email
from tieline.lane.deleted import database_time, take_back_deleted
from tieline.lane.post import post_ready
from tieline.lane.pricing import Pricing
from tieline.lane.pull import pull_feed
from tieline.lane.reference import remember_people
from tieline.lane.release import release_all_mendable, release_exception
from tieline.lane.worker import Worker
from tieline.sdk.lines import LineSink
from tieline.sdk.operation import WriteSafety
from tieline.store.canonical import put_project, refer
from tieline.store.database import CONFLICTS

OTHER = "other"
CLASSES = (WriteSafety.UPSERT, WriteSafety.LOOKUP, WriteSafety.NATIVE_KEY, WriteSafety.NEVER_RETRY)
PROJECTS = {"ws1": (1, ERP, "US"), "ws2": (2, ERP, "DE"), "ws3": (3, OTHER, "US"), "ws9": (9, OTHER, "DE")}
"""PSA's reference -> number of our project, the ERP it is booked in, its legal entity. Nobody has linked ws9 yet."""
ROUNDS = 60
ENDS = ("posted", "void", "withdrawn")
Places = dict[str, dict[tuple[str, date, str], Decimal]]

# Whoever is dead was so before the calls under way landed; a call that began since has its quarantine still ahead.
_PASS = """
with b as (select id from posting_batch where state <> 'done' order by id for update)
update posting_batch p set due_at = '-infinity',
  quarantine_until = case when quarantine_until <= %(asked)s + %(quarantine)s then '-infinity'
    else quarantine_until end,
  lease_until = case when worker = any (%(dead)s) then '-infinity' else lease_until end
from b where b.id = p.id
"""


@dataclass
class Trial:
    """A firm with one PSA and two ERPs. What happens is printed, for a test that fails."""

    world: World
    seed: int
    dead: list[int] = field(default_factory=list)
    """Ids of workers that died."""
    busy: list[int] = field(default_factory=list)
    """Workers in a call, when everything happens in one thread."""

    def __post_init__(self) -> None:
        print(f"seed {self.seed}")  # noqa: T201 - what happens is shown when the test fails
        self.chance = self._chance("order")
        self.sheets = Timesheets(self._chance("people"), tuple(PROJECTS))
        turn = self.seed % len(CLASSES)
        safeties = {ERP: CLASSES[turn], OTHER: CLASSES[turn - 1]}
        self.erps = {name: StrictErp(name, safety, self._chance(name)) for name, safety in safeties.items()}
        self.sinks: dict[str, LineSink] = {**self.erps}
        self.pricing = Pricing(
            a_firm(),
            items={name: {role: f"i-{role}" for role in RATES} for name in self.erps},
            batch_sizes={name: erp.batch_size for name, erp in self.erps.items()},
        )
        self.workers = [self._hired() for _ in range(2)]
        self._burying = Lock()
        self._furnish()

    def one_after_the_other(self, steps: int) -> None:
        """In one thread: the seed decides everything, also what happens while a call is under way."""
        for erp in self.erps.values():
            erp.in_call = self._meanwhile
        for _ in range(steps):
            self._act()
        for erp in self.erps.values():
            erp.in_call = lambda: None

    def actors(self, steps: int) -> list[Callable[[], None]]:
        """People, two senders and an operator for threads: the seed says what each does, the machine who is first."""
        operator = [self._sweep, self._release, self._pass_time, self._find_deletes, self._close_or_open]
        actions = [[self._change, self._sweep], [lambda: self._post(0)], [lambda: self._post(1)], operator]
        return [self._repeating(f"actor {number}", some, steps) for number, some in enumerate(actions)]

    def come_to_rest(self) -> None:
        """Vendors are well and all causes mended; work until nothing is left to do."""
        for erp in self.erps.values():
            erp.calm = True
            erp.closed.clear()
        with self.world.database.transaction() as db:
            refer(db, PSA, "project", "prj_9", "ws9")
        for _ in range(ROUNDS):
            self._pass_time()
            self._sweep()
            self._find_deletes()
            release_all_mendable(self.world.database, self.pricing)
            self._release()
            self._post(0)
            if not self.left():
                break
        for erp in self.erps.values():
            erp.land()

    def left(self) -> list[str]:
        """What still waits."""
        rows = self.world.rows(
            "select 'batch ' || id || ' ' || state || ' ' || coalesce(problem, '') as what from posting_batch"
            " where state <> 'done' union all select message from exception_item where closed_at is null"
            " union all select source_id || ' ' || state from project_transaction"
            " where state in ('held', 'in_exception')"
        )
        return [row["what"] for row in rows]

    def booked(self) -> Places:
        """What the ERPs' ledgers come to, by source line."""
        found: Places = {}
        for erp in self.erps.values():
            for source_id, places in erp.net().items():
                found.setdefault(source_id, {}).update(places)
        return found

    def demanded(self) -> Places:
        """What the newest approved versions say."""
        found: Places = {}
        for line in self.sheets.entries.values():
            if line.approved:
                number, _, entity = PROJECTS[line.project_ref]
                found[line.source_id] = {(f"e{number}", line.work_date, entity): line.quantity}
        return found

    def wrong(self) -> list[str]:
        """What differs from this: the ERPs hold the newest approved version of every source line, once, and no more."""
        booked, demanded = self.booked(), self.demanded()
        found = [f"still waits: {what}" for what in self.left()]
        found += [breach for erp in self.erps.values() for breach in erp.breaches]
        found += [f"twice: {reference}" for erp in self.erps.values() for reference in erp.doubles()]
        found += [
            f"{key} is booked as {booked.get(key)} and should be {demanded.get(key)}"
            for key in sorted(booked.keys() | demanded)
            if booked.get(key) != demanded.get(key)
        ]
        theirs = {erp_id for erp in self.erps.values() for erp_id, _ in erp.ledger}
        ours = {str(row["erp_id"]) for row in self.world.rows("select erp_id from erp_line")}
        found += [f"only one side knows {erp_id}" for erp_id in sorted(ours ^ theirs)]
        return found + [f"{one} has no end" for one in self.world.states() if one[2] not in ENDS]

    def close(self) -> None:
        for worker in self.workers:
            worker.close()

    def _act(self) -> None:
        """The next thing that happens."""
        acts = [(self._change, 9), (self._sweep, 6), (self._pass_time, 2), (self._find_deletes, 1)]
        acts += [(self._release, 1), (self._close_or_open, 1)]
        acts += [(self._poster(number), 3) for number in range(len(self.workers)) if number not in self.busy]
        self.chance.choices([act for act, _ in acts], [weight for _, weight in acts])[0]()

    def _meanwhile(self) -> None:
        """While a call is under way people go on, and so does the other worker."""
        if self.chance.random() < 0.5:
            for _ in range(self.chance.randrange(1, 4)):
                self._act()

    def _poster(self, number: int) -> Callable[[], None]:
        return lambda: self._post(number)

    def _change(self) -> None:
        print(self.sheets.change())  # noqa: T201

    def _post(self, number: int) -> None:
        """A worker sends what is ready; one that dies is followed by another."""
        self.busy.append(number)
        try:
            posted = post_ready(self.world.database, self.sinks, self.workers[number], self.pricing)
            print(f"worker {number} posted {posted}")  # noqa: T201
        except Death:
            print(f"worker {number} died")  # noqa: T201
            self._bury(number)
        except ZeroDivisionError:
            print(f"worker {number} failed")  # noqa: T201
        finally:
            self.busy.remove(number)

    def _bury(self, number: int) -> None:
        gone, self.workers[number] = self.workers[number], self._hired()
        gone.close()
        self.dead.append(gone._id)

    def _sweep(self) -> None:
        pull_feed(self.world.database, self.sheets.feed, self.pricing)

    def _find_deletes(self) -> None:
        listed_at = database_time(self.world.database)
        gone = take_back_deleted(self.world.database, self.sheets.feed, self.pricing, self.sheets.present(), listed_at)
        print(f"took back {gone}")  # noqa: T201

    def _release(self) -> None:
        """An operator tries all that waits once more; before that, what is unclear is looked up by hand."""
        for item in self.world.rows("select id, kind, key from exception_item where closed_at is null order by id"):
            if item["kind"] == "in_doubt":
                assert not any(erp.find_many([item["key"]]) for erp in self.erps.values()), f"{item['key']} is there"
            release_exception(self.world.database, self.pricing, item["id"], by="dana")

    def _close_or_open(self) -> None:
        erp, day = self.chance.choice(list(self.erps.values())), self.chance.choice(DAYS)
        erp.closed.symmetric_difference_update({day})
        print(f"{erp.connection} closed: {erp.closed}")  # noqa: T201

    def _pass_time(self) -> None:
        """As if every wait were over: whatever was under way before has landed."""
        asked, dead = database_time(self.world.database), list(self.dead)
        for erp in self.erps.values():
            erp.land()
        quarantine = max(erp.quarantine for erp in self.erps.values())
        with self.world.database.transaction() as db:
            db.execute(_PASS, {"asked": asked, "quarantine": quarantine, "dead": dead})
        print("time passed")  # noqa: T201

    def _repeating(self, name: str, some: list[Callable[[], None]], steps: int) -> Callable[[], None]:
        chance = self._chance(name)

        def run() -> None:
            for _ in range(steps):
                with suppress(*CONFLICTS):  # PostgreSQL ends one of two; the next turn goes on
                    chance.choice(some)()

        return run

    def _hired(self) -> Worker:
        return Worker(self.world.database)

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self.seed}:{name}")

    def _furnish(self) -> None:
        self.world.furnish()
        with self.world.database.transaction() as db:
            remember_people(db, OTHER, {email(name): f"o-{name}" for name in PEOPLE})
            for ref, (number, erp, entity) in PROJECTS.items():
                if number == 1:
                    continue
                put_project(db, a_project(number).model_copy(update={"legal_entity": entity}))
                project = f"prj_{number}"
                db.execute("insert into route (record_id, role, connection) values (%s, 'erp', %s)", [project, erp])
                refer(db, erp, "project", project, f"e{number}")
                if ref != "ws9":
                    refer(db, PSA, "project", project, ref)
