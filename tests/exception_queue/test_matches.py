"""What a steward says of two customers counts everywhere, can be taken back, and is never asked again."""

from collections.abc import Iterator

import pytest

from tests.console.twins import BRIGHT, OTHER, TWIN, firm_of, see, twins
from tests.flows.deals import contract
from tieline.app.matches import look_through
from tieline.app.views.matches import list_matches, read_match
from tieline.exception_queue.actions import NotPossible
from tieline.exception_queue.matches import NoSuchMatch, different, same
from tieline.flows.customer_identity import merge_surely
from tieline.matching.matches import Match
from tieline.matching.score import Score
from tieline.store import master_data
from tieline.store.canonical import add_contract_version, open_engagement, refer
from tieline.store.database import Database


@pytest.fixture
def books(database: str) -> Iterator[Database]:
    opened = Database(database)
    yield opened
    opened.close()


def pair_of(books: Database, one: str, other: str) -> int:
    with books.transaction() as db:
        return master_data.note_pair(db, one, other, 0.9, [])[0]


def families(books: Database) -> list[list[str]]:
    with books.connection() as db:
        return [master_data.family_of(db, one.id) for one in (BRIGHT, TWIN)]


def test_two_made_one_are_one_family_and_two_again_when_it_is_taken_back(books: Database) -> None:
    pair = twins(books)
    same(books, pair, "Ada", "same office", survivor=TWIN.id)
    assert families(books) == [["cus_b", "cus_a"], ["cus_b", "cus_a"]]
    different(books, pair, "Ben", "a sister company")
    assert families(books) == [["cus_a"], ["cus_b"]]
    with books.connection() as db:
        found = read_match(db, [], pair)
    assert found is not None
    assert [(said.actor, said.action, said.text) for said in found.history] == [
        ("Ben", "match.parted", "a sister company"),
        ("Ada", "match.same", "same office"),
    ]


def test_what_was_decided_is_not_asked_again_whatever_is_compared(books: Database) -> None:
    pair = twins(books)
    different(books, pair, "Ada", "two branches")
    assert look_through(books, firm_of()).likely == 0
    with books.connection() as db:
        assert list_matches(db) == []
        assert [row.number for row in list_matches(db, "different")] == [pair]


def test_a_pair_that_is_not_likely_any_more_goes_from_the_list(books: Database) -> None:
    twins(books)
    see(books, TWIN.model_copy(update={"name": "Meridian Bank", "phone": None, "website": None, "source_version": 1}))
    looked = look_through(books, firm_of())
    assert (looked.likely, looked.gone) == (0, 1)


def test_the_chosen_fields_are_kept_with_the_decision(books: Database) -> None:
    pair = twins(books)
    same(books, pair, "Ada", "", survivor=BRIGHT.id, choices={"website": TWIN.id, "name": BRIGHT.id})
    with books.connection() as db:
        assert master_data.choices_for(db, BRIGHT.id) == {"website": TWIN.id}
        found = read_match(db, [], pair)
    assert found is not None
    assert {one.field: one.chosen for one in found.fields}["website"] == "b"
    assert {one.field: one.chosen for one in found.fields}["name"] == "a"


def test_a_decision_wakes_the_contracts_of_both(books: Database) -> None:
    pair = twins(books)
    with books.transaction() as db:
        open_engagement(db, "eng_1", "opp_1", "Deal", TWIN.id, TWIN.name)
        add_contract_version(db, contract())
    assert same(books, pair, "Ada", "") == 1
    with books.connection() as db:
        rows = db.execute("select flow, reasons from agenda").fetchall()
    assert [(row["flow"], row["reasons"]) for row in rows] == [("contract_to_project", ["decision"])]


@pytest.mark.parametrize(
    ("survivor", "choices", "told"),
    [(OTHER.id, {}, "neither of the two"), (None, {"phone": OTHER.id}, "must come from one of the two")],
)
def test_a_third_customer_has_no_say(books: Database, survivor: str | None, choices: dict[str, str], told: str) -> None:
    pair = twins(books)
    with pytest.raises(NotPossible, match=told):
        same(books, pair, "Ada", "", survivor=survivor, choices=choices)
    assert families(books) == [["cus_a"], ["cus_b"]]


def test_two_whom_a_person_told_apart_do_not_become_one_through_a_third(books: Database) -> None:
    first = twins(books)
    second = pair_of(books, TWIN.id, OTHER.id)
    third = pair_of(books, BRIGHT.id, OTHER.id)
    different(books, third, "Ada", "nothing to do with each other")
    same(books, first, "Ada", "")
    with pytest.raises(NotPossible, match="'Brightwater Logistics Inc' and 'Helios Freight' were called different"):
        same(books, second, "Ben", "")
    different(books, first, "Ada", "two after all")
    assert same(books, second, "Ben", "") == 0


def test_a_sure_match_two_deals_find_at_once_is_merged_once(books: Database) -> None:
    pair = twins(books)
    match = Match(TWIN.id, BRIGHT.id, Score(0.999, ()), "same")
    for _ in range(2):
        with books.transaction() as db:
            merge_surely(db, match)
    assert families(books) == [["cus_a", "cus_b"], ["cus_a", "cus_b"]]
    different(books, pair, "Ada", "two")
    with books.transaction() as db:
        merge_surely(db, match)
    assert families(books) == [["cus_a"], ["cus_b"]]


def test_a_decision_is_made_once_and_needs_its_reason(books: Database) -> None:
    pair = twins(books)
    with pytest.raises(NotPossible, match="say why"):
        different(books, pair, "Ada", " ")
    same(books, pair, "Ada", "")
    with pytest.raises(NotPossible, match="one already"):
        same(books, pair, "Ben", "")
    with pytest.raises(NoSuchMatch):
        same(books, pair + 1, "Ada", "")


def test_the_erp_holds_a_family_under_one_id(books: Database) -> None:
    pair = twins(books)
    with books.transaction() as db:
        assert master_data.customer_held_as(db, "erp", TWIN.id, "US") == TWIN.id
        refer(db, "erp", "customer", f"{BRIGHT.id}:US", "501")
    same(books, pair, "Ada", "", survivor=TWIN.id)
    with books.transaction() as db:
        assert master_data.customer_held_as(db, "erp", TWIN.id, "US") == BRIGHT.id
        assert master_data.customer_held_as(db, "erp", BRIGHT.id, "UK") == TWIN.id
        refer(db, "erp", "customer", f"{TWIN.id}:US", "502")
        assert master_data.customer_held_as(db, "erp", BRIGHT.id, "US") == BRIGHT.id


def test_a_merge_in_the_crm_the_other_way_round_makes_no_circle(books: Database) -> None:
    pair = twins(books)
    same(books, pair, "Ada", "", survivor=TWIN.id)
    with books.transaction() as db:
        master_data.note_merge(db, TWIN.id, BRIGHT.id)
        assert master_data.family_of(db, TWIN.id) == [BRIGHT.id, TWIN.id]
        assert master_data.merged_in_crm(db, BRIGHT.id, TWIN.id)
        master_data.note_merge(db, BRIGHT.id, OTHER.id)
        assert master_data.survivor_of(db, TWIN.id) == OTHER.id
