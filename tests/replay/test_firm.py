"""Replays of a whole firm: what the vendors' own ledgers hold is the judge."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.deals import money, shown, win, work, workday
from tests.e2e.oracle import doubled, time_lines, written
from tests.e2e.world import World, world
from tieline.app.replay import Replays, replays_of
from tieline.app.views.lineage import read_lineage
from tieline.app.views.lineage_search import find
from tieline.engine.replay import Scope

TOM = "tom.okafor@haldenmarsh.example"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("firm"), module_database) as here:
        here.begin()
        yield here


@pytest.fixture(scope="module")
def billed(firm: World) -> dict[str, Any]:
    """A project with approved time on a draft invoice; everything is at rest."""
    deal = win(firm, "Deal to replay")
    project = firm.until(lambda: shown(firm, deal), "project")
    work(firm, project, TOM, (workday(), 120), (workday(1), 60))
    firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], money(630)), "draft invoice")
    firm.settled()
    (row,) = firm.rows("select engagement_id from engagement_opportunity join cross_reference r"
                       " on r.subject = opportunity_id where r.external_id = %s", deal.id)  # fmt: skip
    return {"deal": deal, "project": project, "engagement": row["engagement_id"]}


def replay(firm: World, scope: Scope) -> dict[str, Any]:
    """Ask, and wait until the workers have done it."""
    number = replays_of(firm.tieline).ask(scope, "Dana").number
    query = "select * from replay where id = %s and state = 'done'"
    (row,) = firm.until(lambda: firm.rows(query, number), f"end of the replay of {scope.told}")
    firm.settled()
    return row


def ledgers(firm: World) -> dict[str, list[Any]]:
    return {vendor: written(firm, vendor) for vendor in firm.urls}


def scopes(firm: World, billed: dict[str, Any]) -> list[Scope]:
    (effect,) = firm.rows("select id from effect where label = 'Project in ERP'")
    (line,) = firm.rows("select source_id from project_transaction where quantity = 120 and live")
    return [
        Scope(engagement=billed["engagement"]),
        Scope(effect=effect["id"]),
        Scope(connection="salesforce", record="opportunity", external_id=billed["deal"].id),
        Scope(connection="kantata", record="project", external_id=str(billed["project"]["PSA_Id__c"])),
        Scope(connection="kantata", record="time", external_id=line["source_id"]),
        Scope(since=datetime.now(UTC) - timedelta(hours=1)),
        *(Scope(connection=name) for name in firm.urls),
    ]


def test_no_replay_of_what_is_right_writes_anything_anywhere(firm: World, billed: dict[str, Any]) -> None:
    before, lines = ledgers(firm), time_lines(firm)
    for scope in scopes(firm, billed):
        seen = replays_of(firm.tieline).preview(scope)
        told = [(write.label, write.changes) for forecast in seen.forecasts for write in forecast.writes]
        assert (told, seen.line_changes, seen.problem, seen.whole) == ([], (), None, True), scope.told
        row = replay(firm, scope)
        assert (row["looked"], row["lines_read"]) == (row["items"], row["lines"]), scope.told
        assert row["items"] + row["lines"] > 0, scope.told
        assert (row["lines_changed"], row["lines_gone"]) == (0, 0), scope.told
    assert ledgers(firm) == before
    assert time_lines(firm) == lines
    assert doubled(firm) == []


def test_four_people_who_replay_at_once_make_nothing_double(firm: World, billed: dict[str, Any]) -> None:
    before = ledgers(firm)
    asking: Replays = replays_of(firm.tieline)
    wanted = [Scope(engagement=billed["engagement"]), Scope(connection="kantata")] * 2
    with ThreadPoolExecutor(4) as people:
        asked = list(people.map(lambda scope: asking.ask(scope, "somebody"), wanted))
    assert len(asked) == 4
    firm.until(lambda: not firm.rows("select id from replay where state = 'running'") or None, "end of all replays")
    firm.settled()
    assert ledgers(firm) == before
    assert doubled(firm) == []


def test_a_line_that_was_corrected_while_nobody_looked_is_foreseen_and_corrected(
    firm: World, billed: dict[str, Any]
) -> None:
    (line,) = firm.rows("select id, source_id from project_transaction where quantity = 60 and live")
    firm.rows(  # as if we had read another state of it, which the feed does not bring again
        "update project_transaction set quantity = 45, source_version = source_version - 1 where id = %s returning id",
        line["id"],
    )
    scope = Scope(connection="kantata", record="time", external_id=line["source_id"])
    (change,) = replays_of(firm.tieline).preview(scope).line_changes
    assert (change.source_id, change.booked) == (line["source_id"], True)
    assert [(name, str(ours), str(theirs)) for name, ours, theirs in change.fields] == [("quantity", "45", "60")]
    replay(firm, scope)  # the feed's own overlap may bring it as well; whoever comes first corrects it
    firm.until(lambda: len(time_lines(firm)) == 4 or None, "reversal and new line in NetSuite")
    firm.settled()
    assert doubled(firm) == []
    with firm.tieline.database.connection() as db:
        (match,) = [one for one in find(db, line["source_id"]) if one.kind == "line"]
        found = read_lineage(db, match.number or 0, firm.tieline.site.firm, {})
    assert found is not None
    assert [version.reversal for version in found.versions] == [False, True, False]
    assert found.net.wanted == found.net.booked == 60


def test_a_change_of_the_deal_nobody_heard_of_is_foreseen_in_every_system(firm: World, billed: dict[str, Any]) -> None:
    with firm.at_rest():  # the next sweep would change it as well
        firm.rows(  # as if a mapping or a rule had changed: the same flow now wants another name
            "update contract_version set body = jsonb_set(body, '{name}', '\"Renamed deal\"') where engagement_id = %s"
            " returning version",
            billed["engagement"],
        )
        scope = Scope(engagement=billed["engagement"])
        seen = replays_of(firm.tieline).preview(scope)
        writes = {
            write.connection: write
            for forecast in seen.forecasts
            for write in forecast.writes
            if write.target == "project"
        }
        assert set(writes) == {"netsuite", "kantata", "salesforce"}
        assert {write.what for write in writes.values()} == {"update"}
        for write in writes.values():
            assert [(one.old, one.new) for one in write.changes if one.new == "Renamed deal"] == [
                ("Deal to replay", "Renamed deal")
            ]
        before = ledgers(firm)
        assert replays_of(firm.tieline).preview(scope).writes == seen.writes, "looking changes nothing"
        assert ledgers(firm) == before
    replay(firm, scope)
    assert replays_of(firm.tieline).preview(scope).writes == 0
    assert doubled(firm) == []
