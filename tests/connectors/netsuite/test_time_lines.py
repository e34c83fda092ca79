"""Approved time in NetSuite: one cost record per line, whatever happens to a batch on the way."""

from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from msgspec.structs import replace

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import Connecting, Ledgers
from tieline.connectors.netsuite.time_lines import TimeLines, clock
from tieline.sdk.errors import Unauthorized, Unavailable, Unclear
from tieline.sdk.lines import ErpLine, LineSink, Settled
from tieline.sdk.operation import Accepted, WriteSafety
from tieline.sdk.roles import Erp

KEYS = (f"site/netsuite/batch/{number}" for number in count())


@pytest.fixture
def links(erp: Erp) -> dict[str, str]:
    return r.booked(erp)


@pytest.fixture
def person(erp: Erp) -> str:
    return erp.list_people()["tom.okafor@haldenmarsh.example"]


def settle(sink: LineSink, lines: list[ErpLine], key: str | None = None) -> Settled:
    """What the lane does: post, then poll until the batch is settled."""
    answer = sink.post(lines, key or next(KEYS))
    for _ in range(200):
        if isinstance(answer, Settled):
            return answer
        answer = sink.poll(answer.handle, lines)
    raise AssertionError("the batch was never settled")


def test_a_full_batch_is_one_request_and_every_line_gets_its_id(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    lines = r.entries(links, person, erp.time.batch_size)
    settled = settle(erp.time, lines)
    assert settled.refused == {}
    assert settled.ids.keys() == {line.reference for line in lines}
    assert len(set(settled.ids.values())) == 100 == ledgers.count("timeBill")
    calls = ledgers.requests()
    assert calls["timeBill.batch_upsert"] == 1
    assert "job.result" not in calls
    assert erp.time.safety == WriteSafety.UPSERT


def test_a_time_line_names_project_task_person_and_is_not_billable(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    task = r.write(erp.ensure_wbs_element, r.task(), project=links["project"])
    item = ledgers.ids["item"]["Senior Consultant"]
    [line] = r.entries(links, person, 1, task=task, item=item, minutes=Decimal(485))
    stored = ledgers.read("timeBill", settle(erp.time, [line]).ids[line.reference])
    assert (stored["customer"]["id"], stored["caseTaskEvent"]["id"]) == (links["project"], task)
    assert (stored["employee"]["id"], stored["item"]["id"]) == (person, item)
    assert (stored["hours"], stored["tranDate"], stored["isBillable"]) == ("8:05", "2026-11-17", False)
    assert (stored["memo"], stored["externalId"]) == ("Grid model", line.reference)


def test_the_same_batch_twice_leaves_each_line_once(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    lines = r.entries(links, person, 5)
    assert settle(erp.time, lines).ids == settle(erp.time, lines).ids
    assert ledgers.count("timeBill") == 5


def test_a_batch_whose_answer_was_lost_is_taken_up_by_its_key(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    lines = r.entries(links, person, 3)
    ledgers.fault("timeBill.batch_upsert", "drop_after")
    with pytest.raises(Unclear):
        erp.time.post(lines, "one key")
    settled = settle(erp.time, lines, "one key")
    assert len(settled.ids) == 3
    assert ledgers.count("timeBill") == 3
    assert erp.time.find_many([line.reference for line in lines]) == settled.ids


def test_a_batch_over_the_concurrency_limit_was_not_sent(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    ledgers.fault("timeBill.batch_upsert", "status", status=429)
    with pytest.raises(Unavailable) as caught:
        erp.time.post(r.entries(links, person, 1), "key")
    assert not isinstance(caught.value, Unclear)
    assert ledgers.count("timeBill") == 0


def test_a_job_that_is_not_done_is_asked_for_later(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    ledgers.set(job_milliseconds=3_600_000)
    lines = r.entries(links, person, 2)
    first = erp.time.post(lines, "slow")
    assert isinstance(first, Accepted)
    assert erp.time.poll(first.handle, lines) == first
    ledgers.later(3601)
    assert isinstance(erp.time.poll(first.handle, lines), Settled)


@pytest.mark.parametrize("parallel", [False, True])
def test_a_job_that_succeeded_tells_which_lines_failed_and_why(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str], person: str, parallel: bool
) -> None:
    erp = connecting(parallel_batches=parallel).erp
    assert erp is not None
    good = r.entries(links, person, 4)
    bad = r.entries(links | {"project": "31337"}, person, 6)[4:]
    lines = [good[0], bad[0], good[1], good[2], bad[1], good[3]]
    settled = settle(erp.time, lines)
    assert settled.ids.keys() == {line.reference for line in good}
    assert settled.refused.keys() == {line.reference for line in bad}
    assert {(problem.kind, problem.key) for problem in settled.refused.values()} == {("master_data", "31337")}


def test_a_closed_period_refuses_the_lines_in_it_for_finance(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    ledgers.set(closed_period_records=["timeBill"])
    ledgers.control("POST", "customize", {"periods": [{"name": "Nov 2026", "closed": True}]})
    [line] = r.entries(links, person, 1)
    problem = settle(erp.time, [line]).refused[line.reference]
    assert (problem.kind, problem.owner) == ("closed_period", "finance")
    later = replace(line, posts_on=date(2026, 12, 1))
    stored = ledgers.read("timeBill", settle(erp.time, [later]).ids[line.reference])
    assert (stored["tranDate"], stored["memo"]) == ("2026-12-01", f"Worked on {line.work_date}: {line.note}")


def test_a_reversal_is_its_own_line_with_negative_hours(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    [charge] = r.entries(links, person, 1)
    [reversal] = r.entries(links, person, 1, minutes=Decimal(-90), sign=-1)
    reversal = replace(reversal, reference=f"{charge.reference}~1")
    ids = settle(erp.time, [charge, reversal]).ids
    assert ledgers.read("timeBill", ids[charge.reference])["hours"] == "1:30"
    assert ledgers.read("timeBill", ids[reversal.reference])["hours"] == "-1:30"


def test_an_account_without_negative_hours_hands_reversals_to_finance(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str], person: str
) -> None:
    erp = connecting(reversals="by_hand").erp
    assert erp is not None
    [charge] = r.entries(links, person, 1)
    [reversal] = r.entries(links, person, 1, minutes=Decimal(-90), sign=-1)
    settled = settle(erp.time, [reversal])
    assert settled.ids == {}
    assert settled.refused[charge.reference].kind == "policy"
    assert ledgers.count("timeBill") == 0


def test_a_fraction_of_a_minute_is_refused_and_the_others_are_posted(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    lines = r.entries(links, person, 2)
    odd = r.entries(links, person, 3, minutes=Decimal("7.5"))[2]
    settled = settle(erp.time, [lines[0], odd, lines[1]])
    assert settled.ids.keys() == {line.reference for line in lines}
    assert settled.refused.keys() == {odd.reference}


def test_fields_an_account_wants_on_every_line_are_sent(
    ledgers: Ledgers, connecting: Connecting, links: dict[str, str], person: str
) -> None:
    erp = connecting(time_fields={"approvalStatus": {"id": "2"}}).erp
    assert erp is not None
    [line] = r.entries(links, person, 1)
    stored = ledgers.read("timeBill", settle(erp.time, [line]).ids[line.reference])
    assert stored["approvalStatus"]["id"] == "2"


def test_many_references_are_looked_up_in_few_calls(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    lines = r.entries(links, person, 3)
    settled = settle(erp.time, lines)
    before = ledgers.requests()["suiteql.query"]
    references = [f"kantata:time:{number}:0" for number in range(1200)]
    assert erp.time.find_many(references) == settled.ids
    assert ledgers.requests()["suiteql.query"] == before + 2
    assert erp.time.find_many([]) == {}


def test_a_task_that_cannot_be_read_leaves_the_batch_for_the_next_poll(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    lines = r.entries(links | {"project": "31337"}, person, 1)
    accepted = erp.time.post(lines, "key")
    assert isinstance(accepted, Accepted)
    ledgers.later(5)
    ledgers.fault("job.result", "status", status=503)
    with pytest.raises(Unavailable):
        erp.time.poll(accepted.handle, lines)
    assert isinstance(erp.time.poll(accepted.handle, lines), Settled)


def test_a_job_that_failed_as_a_whole_refuses_its_lines(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    lines = r.entries(links | {"project": "31337"}, person, 2)
    accepted = erp.time.post(lines, "key")
    assert isinstance(accepted, Accepted)
    ledgers.fault("job.get", "status", status=200, body={"completed": True, "progress": "failed"})
    ledgers.fault("job.tasks", "status", status=200, body={"items": []})
    settled = erp.time.poll(accepted.handle, lines)
    assert isinstance(settled, Settled)
    assert settled.refused.keys() == {line.reference for line in lines}


def test_a_missing_right_to_time_refuses_the_batch_as_a_whole(
    ledgers: Ledgers, erp: Erp, links: dict[str, str], person: str
) -> None:
    ledgers.control("POST", "customize", {"permissions": {"timeBill": "view"}})
    with pytest.raises(Unauthorized):
        erp.time.post(r.entries(links, person, 1), "key")


@pytest.mark.parametrize(("minutes", "text"), [(0, "0:00"), (5, "0:05"), (-5, "-0:05"), (6000, "100:00")])
def test_minutes_are_written_as_hours_and_minutes(minutes: int, text: str) -> None:
    assert clock(minutes) == text


def test_the_sink_is_the_one_the_lane_expects(erp: Erp) -> None:
    assert isinstance(erp.time, TimeLines)
    assert (erp.time.connection, erp.time.system, erp.time.batch_size) == ("netsuite", "NetSuite", 100)
