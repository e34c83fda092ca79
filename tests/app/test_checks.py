"""`check_site`: what a site says that only its connectors can judge."""

import pytest

from tests.app.conftest import Folder
from tieline.app.assembly import connector_folder
from tieline.app.calls import estimate
from tieline.app.checks import check_live, check_site, strangers
from tieline.app.site import Site, load_site
from tieline.sdk.connector import Finding, load_facts


def wrong(folder: Folder) -> list[str]:
    findings = check_site(load_site(folder.path))
    return [f"{finding.subject}: {finding.message}" for finding in findings if not finding.ok]


def test_the_example_site_is_in_order(folder: Folder) -> None:
    assert wrong(folder) == []
    assert [finding.subject for finding in check_site(load_site(folder.path))] == ["salesforce", "kantata", "netsuite"]


@pytest.mark.parametrize("connector", ["sap", "", "__pycache__", "../app", "netsuite/mappings"])
def test_an_unknown_connector_is_told_with_those_there_are(folder: Folder, connector: str) -> None:
    folder.replace('connector = "kantata"', f'connector = "{connector}"')
    assert wrong(folder) == [
        f"kantata: connection kantata: there is no connector '{connector}';"
        " there are kantata, netsuite, salesforce, tryton"
    ]


def test_a_missing_secret_is_told_by_its_connection(folder: Folder) -> None:
    (folder.path / "secrets" / "netsuite-private-key").unlink()
    (found,) = wrong(folder)
    assert found.startswith("netsuite: the secret 'private_key' is missing: put it into the file ")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('client_id = "halden-marsh-tieline", ', "", 'auth = "oauth2" needs the options client_id'),
        ('options = { client_id = "', 'options = { page_size = 0, client_id = "', "page_size: Input should be greater"),
        ('options = { client_id = "', 'options = { colour = "red", client_id = "', "colour: Extra inputs are not"),
    ],
)
def test_a_wrong_option_is_told_by_its_connection(folder: Folder, old: str, new: str, told: str) -> None:
    folder.replace(old, new)
    (found,) = wrong(folder)
    assert found.startswith("netsuite: connection netsuite: ")
    assert told in found


def test_a_role_a_system_cannot_play_is_told(folder: Folder) -> None:
    folder.append('\n[[route]]\nrole = "erp"\nconnection = "kantata"\n')
    assert wrong(folder) == ["site.toml: kantata cannot play the role 'erp'; change the route"]


@pytest.mark.parametrize(("role", "connection"), [("erp", "netsuite"), ("psa", "kantata")])
def test_an_entity_that_no_route_covers_is_told(folder: Folder, role: str, connection: str) -> None:
    folder.replace(
        f'role = "{role}"\nconnection = "{connection}"',
        f'role = "{role}"\nconnection = "{connection}"\nlegal_entity = "US"',
    )
    assert wrong(folder) == [
        f"site.toml: no {role.upper()} is routed for legal entity '{entity}'" for entity in ("UK", "DE")
    ]


def test_a_firm_may_do_without_a_psa(folder: Folder) -> None:
    folder.replace('[[route]]\nrole = "psa"\nconnection = "kantata"\n', "")
    assert wrong(folder) == []


def test_a_mode_of_a_flow_that_does_not_exist_is_told(folder: Folder) -> None:
    folder.append('\n[[mode]]\nmode = "shadow"\nflow = "biling"\n')
    (found,) = wrong(folder)
    assert found.startswith("site.toml: a mode names flow 'biling'; there are opportunity_to_contract, ")


def test_a_mistake_in_a_value_table_or_mapping_of_the_site_is_told_with_its_line(folder: Folder) -> None:
    table = folder.path / "values" / "netsuite" / "item.csv"
    table.write_text(table.read_text() + "Engagement Manager,99\n")
    mapping = folder.path / "mappings" / "netsuite" / "customer.toml"
    mapping.parent.mkdir(parents=True)
    mapping.write_text('\n[[field]]\ncanonical = "no_such_field"\nvendor = "x"\n')
    found = wrong(folder)
    assert any(f"{table}:8: " in one for one in found), found
    assert any(f"{mapping}:" in one and "no_such_field" in one for one in found), found


def test_the_estimated_calls_of_every_connection_are_held_against_its_allowance(folder: Folder) -> None:
    folder.replace("time_seconds = 5.0", "time_seconds = 60")
    folder.replace("sweep_seconds = 5.0", "sweep_seconds = 30")
    folder.append("[volume]\nengagements_per_day = 2\nprojects_per_day = 10\nlines_per_day = 250\n")
    for limits, fits in (("per_day = 22000, per_second = 2000", True), ("per_day = 21000, per_second = 2000", False)):
        folder.replace("per_second = 2000", limits)
        site = load_site(folder.path)
        found = {one.subject: one for one in (_estimate(site, name) for name in ("salesforce", "kantata", "netsuite"))}
        assert found["salesforce, calls a day"].message.startswith(
            "about 17,380: 17,280 by sweeps, 100 for 2 engagements, 10 projects and 250 lines; allowed are "
        )
        assert found["salesforce, calls a day"].ok is fits
        assert found["kantata, calls a day"].message.startswith("about 17,405: 17,280 by sweeps, 125 for ")
        assert found["netsuite, calls a day"].ok
        folder.replace(limits, "per_second = 2000")


def test_what_the_account_tells_counts_more_than_what_is_stated(folder: Folder) -> None:
    site = load_site(folder.path)
    assert _estimate(site, "salesforce", 1_000_000).ok
    told = _estimate(site, "salesforce", 50_000)
    assert not told.ok
    assert "allowed are 50,000 a day, 80% of it for Tieline; sweep less often" in told.message


def test_an_account_without_a_daily_allowance_is_judged_by_calls_a_second(folder: Folder) -> None:
    folder.replace("per_second = 2000", "per_second = 0.5")
    told = _estimate(load_site(folder.path), "salesforce")
    assert not told.ok
    assert "no daily allowance; 1.2 a second on average, allowed are 0.5" in told.message


def _estimate(site: Site, name: str, allowance: int | None = None) -> Finding:
    return estimate(site, name, load_facts(connector_folder(name)), allowance)


def test_systems_that_do_not_answer_are_told_one_by_one(folder: Folder) -> None:
    for port in (9101, 9102, 9103):
        folder.replace(f"http://127.0.0.1:{port}", "http://127.0.0.1:1")
    findings = check_live(load_site(folder.path))
    bad = [finding for finding in findings if not finding.ok]
    assert {finding.subject.split(",")[0] for finding in bad} == {"salesforce", "kantata", "netsuite"}
    assert all("Traceback" not in finding.message for finding in bad)


def test_people_who_book_time_and_are_employees_nowhere_are_named() -> None:
    known = {"NetSuite": {"tom@x.example"}, "Tryton": {"lena@x.example"}}
    (right,) = strangers({"Kantata": {"tom@x.example", "lena@x.example"}}, known)
    assert (right.ok, right.message) == (True, "all 2 people are employees in NetSuite, Tryton by their e-mail")
    (found,) = strangers({"Kantata": {"tom@x.example", *(f"p{n}@x.example" for n in range(7))}}, known)
    assert (found.ok, found.subject) == (False, "people of Kantata")
    assert found.message.startswith(
        "7 of 8 people have no employee with their e-mail in NetSuite, Tryton: p0@x.example,"
    )
    assert found.message.endswith("and 2 more")
    assert strangers({"Kantata": {"tom@x.example"}}, {}) == []
