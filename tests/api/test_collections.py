"""Collections over HTTP: the work list, and what a person did about an open invoice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.console.week import GRID, BusyWeek
from tests.flows.deals import CUSTOMER
from tieline.store.master_data import see_customer

BY = {"by": "Ida Berg"}
NUMBER = "INV-20466"


@pytest.fixture
def late(week: BusyWeek) -> BusyWeek:
    """The open invoice of the week is twenty days late."""
    due = (datetime.now(UTC).date() - timedelta(20)).isoformat()
    with week.database.transaction() as db:
        db.execute(
            "update invoice set state = state || jsonb_build_object('due_on', %s::text) where number = %s",
            [due, NUMBER],
        )
        see_customer(db, CUSTOMER.model_copy(update={"id": f"cus_{GRID}", "email": "ap@bluepeak.example"}), [])
    return week


def listed(client: httpx2.Client) -> dict[str, Any]:
    (debtor,) = client.get("/api/collections").json()["items"]
    (invoice,) = debtor["invoices"]
    assert debtor["contact"] == "ap@bluepeak.example", "as the CRM has it now"
    return {**invoice, "risk": debtor["at_risk"]}


def act(client: httpx2.Client, kind: str, invoice: str = NUMBER, **more: object) -> httpx2.Response:
    return client.post(f"/api/invoices/{invoice}/actions", json={**BY, "kind": kind, **more})


def test_a_late_invoice_is_reminded_promised_disputed_and_settled(client: httpx2.Client, late: BusyWeek) -> None:
    found = listed(client)
    assert (found["number"], found["next"], found["risk"], found["days_overdue"]) == (NUMBER, "remind", "31350.00", 20)
    assert client.get("/api/collections").json()["ages"][0]["ages"]["1 to 30 days"] == "31350.00"
    act(client, "remind")
    assert listed(client)["next_words"] == "send reminder 2"
    act(client, "remind", note="by e-mail")
    assert listed(client)["next"] == "wait"
    soon = (datetime.now(UTC).date() + timedelta(3)).isoformat()
    assert act(client, "promise", promised_on=soon).json()["invoice"]["next"] == "await_promise"
    answer = act(client, "dispute", note="Rate of week 12").json()
    assert (answer["invoice"]["dispute"], answer["invoice"]["next"]) == ("Rate of week 12", "settle_dispute")
    assert act(client, "settle", found["id"]).json()["invoice"]["dispute"] is None
    assert [one["kind"] for one in act(client, "call").json()["actions"]] == [
        "call", "settle", "dispute", "promise", "remind", "remind",
    ]  # fmt: skip
    with late.database.connection() as db:
        told = db.execute("select distinct actor from audit_event where action like 'collection.%'")
        assert [row["actor"] for row in told.fetchall()] == ["Ida Berg"]
        woken = db.execute("select distinct flow from agenda where behind order by flow").fetchall()
    assert {"invoice_feedback", "project_feedback"} <= {row["flow"] for row in woken}


@pytest.mark.parametrize(
    ("invoice", "kind", "more", "reason"),
    [
        ("INV-0", "remind", {}, "There is no invoice"),
        ("INV-20417", "remind", {}, "only open invoices"),
        (NUMBER, "dispute", {}, "a reason is needed"),
        (NUMBER, "promise", {}, "needs the day"),
        (NUMBER, "call", {"promised_on": "2026-12-01"}, "needs the day"),
        (NUMBER, "settle", {}, "Nobody recorded a dispute"),
    ],
)
def test_what_makes_no_sense_is_refused_in_plain_words(
    client: httpx2.Client, late: BusyWeek, invoice: str, kind: str, more: dict[str, Any], reason: str
) -> None:
    answer = act(client, kind, invoice, **more)
    assert answer.status_code == 409
    assert reason in answer.text
    with late.database.connection() as db:
        assert db.execute("select from invoice_action").fetchone() is None
