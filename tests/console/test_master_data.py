"""The pages of stewards: two customers side by side, made one and two again; owners of fields; missing codes."""

import httpx2

from tests.console.test_pages import read
from tests.console.twins import BRIGHT, TWIN, twins
from tieline.engine.problem import Problem, open_exception
from tieline.store.database import Database
from tieline.store.master_data import family_of


def test_pages_of_master_data_are_sound_with_and_without_pairs(client: httpx2.Client, books: Database) -> None:
    for path in ("/master-data", "/master-data?show=same", "/master-data?show=different", "/master-data/reference"):
        read(client, path)
    number = twins(books)
    assert "1 pair of customers may be one." in read(client, "/master-data").text
    page = read(client, f"/master-data/matches/{number}")
    assert "Is “Brightwater Logistics Inc” the same as “Brightwater Logistics”?" in page.text
    assert "same phone" in page.text


def test_two_are_made_one_with_chosen_fields_and_two_again(client: httpx2.Client, books: Database) -> None:
    number = twins(books)
    page = read(client, f"/master-data/matches/{number}")
    form = page.form(f"/master-data/matches/{number}/same")
    done = client.post(form.action, data={**form.values, "keep": "b", "billing_address": "a", "by": "Ada"})
    assert done.status_code == 303
    assert "are one." in read(client, done.headers["Location"]).text
    with books.connection() as db:
        assert family_of(db, BRIGHT.id) == [TWIN.id, BRIGHT.id]

    form = read(client, f"/master-data/matches/{number}").form(f"/master-data/matches/{number}/different")
    refused = client.post(form.action, data={**form.values, "by": "Ben"})
    assert refused.status_code == 422
    assert "Say why they are different" in refused.text
    client.post(form.action, data={**form.values, "by": "Ben", "reason": "sister companies"})
    assert "are two." in read(client, f"/master-data/matches/{number}").text
    with books.connection() as db:
        assert family_of(db, BRIGHT.id) == [BRIGHT.id]


def test_the_question_of_an_exception_leads_to_its_pair(client: httpx2.Client, books: Database) -> None:
    number = twins(books)
    key = f"{BRIGHT.id}:{TWIN.id}"
    problem = Problem(kind="duplicate", field="customer", key=key, message="May be one", owner="finance")
    with books.transaction() as db:
        exception = open_exception(db, problem)
    link = next(one for one in read(client, f"/exceptions/{exception}").links if one.startswith("/master-data?of="))
    answer = client.get(link)
    assert answer.headers["Location"] == f"/master-data/matches/{number}"


def test_all_customers_are_compared_on_request(client: httpx2.Client, books: Database) -> None:
    number = twins(books)
    done = client.post("/master-data/search", data={"by": "Ada"})
    assert "All customers were compared" in read(client, done.headers["Location"]).text
    assert client.get(f"/master-data/matches/{number + 1}").status_code == 404


def test_owners_of_fields_are_told_record_by_record(client: httpx2.Client) -> None:
    page = read(client, "/master-data/owners")
    assert "/master-data/owners?record=project" in page.links
    assert "Read from Written to" in " ".join(page.text.split())
    assert client.get("/master-data/owners?record=nothing").status_code == 404


def test_codes_without_a_counterpart_come_first(client: httpx2.Client) -> None:
    text = " ".join(read(client, "/master-data/reference").text.split())
    assert "Sr. Architect Role NetSuite missing" in text
    assert text.index("Sr. Architect") < text.index("Senior Consultant")
