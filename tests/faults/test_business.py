"""All that people, vendors and operators may do, in any order: the vendors hold what the newest approved facts say."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.conftest import _new_database
from tests.e2e.world import World
from tests.effort import turns
from tests.faults.business import GRACE, TOM, Business, Sold, act_apart
from tests.faults.firm import Firm, firm, vendors
from tests.faults.seeds import told_how_to_repeat

STEPS, MANY_STEPS = 15, 40
FAULTS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("salesforce", "Tieline_Project__c.upsert", "drop_after", {}),
    ("salesforce", "Tieline_Invoice__c.upsert", "late_commit", {"ms": 300}),
    ("kantata", "workspaces.create", "drop_after", {}),
    ("kantata", "stories.create", "late_commit", {"ms": 300}),
    ("kantata", "resource_requests.create", "status", {"status": 429}),
    ("netsuite", "customer.upsert", "drop_after", {}),
    ("netsuite", "job.upsert", "drop_before", {}),
    ("netsuite", "salesOrder.upsert", "status", {"status": 503}),
    ("netsuite", "timeBill.batch_upsert", "drop_after", {}),
    ("netsuite", "timeBill.batch_upsert", "late_commit", {"ms": 300}),
    ("netsuite", "invoice.upsert", "late_commit", {"ms": 400}),
)
WORKED = st.integers(1, 16).map(lambda quarters: quarters * 15)


class Life(RuleBasedStateMachine):
    """A firm from its first deal on. `opened` makes one on stand-ins as seeded and a database of its own."""

    def __init__(self, opened: Callable[[], AbstractContextManager[Firm]]) -> None:
        super().__init__()
        self._opened = opened
        self._stack = ExitStack()

    @initialize(fate=st.integers(0, 2**32))
    def begin(self, fate: int) -> None:
        assume(fate)  # the simplest life comes first, and nothing happens in it
        self.firm = Business(self._stack.enter_context(self._opened()))
        self._stack.callback(self.firm.close)
        self.firm.wins()
        self._rest()

    @rule()
    @precondition(lambda self: len(self.firm.sold) < 3)
    def a_deal_is_won(self) -> None:
        self.firm.wins()

    @rule()
    @precondition(lambda self: len(self.firm.sold) < 3)
    def a_deal_is_won_whose_customer_finance_has_made_by_hand(self) -> None:
        self.firm.wins(by_hand=True)

    @rule()
    @precondition(lambda self: any(sold.waits for sold in self.firm.sold))
    def a_person_links_the_customer_made_by_hand(self) -> None:
        self._rest()
        self.firm.links()

    @rule(data=st.data(), minutes=st.lists(WORKED, min_size=1, max_size=3))
    def time_is_approved(self, data: st.DataObject, minutes: list[int]) -> None:
        self.firm.books(self._one(data), TOM, minutes)
        act_apart(self.firm)

    @rule(data=st.data(), minutes=WORKED)
    def time_nobody_has_a_rate_for_is_approved(self, data: st.DataObject, minutes: int) -> None:
        self.firm.books(self._one(data), GRACE, [minutes])
        act_apart(self.firm)

    @rule(data=st.data(), minutes=WORKED)
    @precondition(lambda self: self._unbilled())
    def time_is_corrected(self, data: st.DataObject, minutes: int) -> None:
        sold = data.draw(st.sampled_from(self._unbilled()))
        self.firm.corrects(sold, data.draw(st.sampled_from(self._sheets(sold))), minutes)
        act_apart(self.firm)

    @rule(data=st.data())
    @precondition(lambda self: self._unbilled())
    def an_approval_is_taken_back(self, data: st.DataObject) -> None:
        sheets = self._sheets(data.draw(st.sampled_from(self._unbilled())))
        sheet = data.draw(st.sampled_from(sheets))
        if sheet.approved:
            self.firm.takes_back(sheet)
        act_apart(self.firm)

    @rule(data=st.data())
    def a_price_is_edited_or_put_back(self, data: st.DataObject) -> None:
        self.firm.edits(self._one(data))

    @rule(data=st.data())
    def a_customer_is_renamed(self, data: st.DataObject) -> None:
        self.firm.renames(self._one(data))

    @rule(data=st.data())
    def a_draft_is_released(self, data: st.DataObject) -> None:
        self._rest()
        sold = self._one(data)
        if sold.minutes(TOM) > sold.billed:
            self.firm.releases(sold)
            self._rest()

    @rule(data=st.data())
    @precondition(lambda self: any(sold.open_invoices for sold in self.firm.sold))
    def an_invoice_is_paid(self, data: st.DataObject) -> None:
        self.firm.pays(data.draw(st.sampled_from([sold for sold in self.firm.sold if sold.open_invoices])))

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 2))
    def a_vendor_fails(self, fault: tuple[str, str, str, dict[str, Any]], times: int) -> None:
        vendor, operation, effect, more = fault
        self.firm.here.fault(vendor, operation, effect, times=times, **more)

    @rule()
    def the_worker_is_killed(self) -> None:
        self.firm.run.bury()

    @rule(connection=st.sampled_from(["salesforce", "kantata", "netsuite"]))
    def a_connection_is_paused(self, connection: str) -> None:
        self.firm.pauses(connection)

    @rule()
    def everything_is_tried_again(self) -> None:
        self.firm.retries()

    @rule()
    def what_waits_is_written_off_by_two(self) -> None:
        self._rest()
        self.firm.writes_off()

    @rule()
    def nobody_acts_for_a_while(self) -> None:
        self._rest()

    def teardown(self) -> None:
        with self._stack:
            if sys.exc_info()[0] is None and hasattr(self, "firm"):
                self._rest()
                assert self.firm.holds_for_good() == []

    def _rest(self) -> None:
        self.firm.rests()
        assert self.firm.wrong() == []

    def _one(self, data: st.DataObject) -> Sold:
        return data.draw(st.sampled_from([sold for sold in self.firm.sold if sold.project is not None]))

    def _sheets(self, sold: Sold) -> list[Any]:
        return [sheet for sheet in sold.sheets if sheet.person == TOM]

    def _unbilled(self) -> list[Sold]:
        """What is on a released invoice is credited by the next one; these tests leave it at that."""
        return [sold for sold in self.firm.sold if self._sheets(sold) and not sold.billed]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with vendors(tmp_path_factory.mktemp("firm")) as opened:
        yield opened


@pytest.mark.parametrize("turn", turns(1, 15))
def test_the_vendors_hold_what_the_newest_approved_facts_say(
    request: pytest.FixtureRequest, here: World, turn: int
) -> None:
    template = request.getfixturevalue("_migrated_template")

    @contextmanager
    def opened() -> Iterator[Firm]:
        with _new_database(template) as database, firm(here, database) as run:
            yield run

    steps = settings(
        max_examples=1,
        verbosity=Verbosity.debug,  # what happened is shown when the test fails
        stateful_step_count=MANY_STEPS if turn else STEPS,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    class LifeHere(Life):
        def __init__(self) -> None:
            super().__init__(opened)

    with told_how_to_repeat(request):
        run_state_machine_as_test(seed(turn)(LifeHere), settings=steps)
