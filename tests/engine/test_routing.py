"""Routing: which connection plays a role for a project, pinned at first use."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tests.flows.deals import FIRM, contract, line
from tieline.engine.routing import NotInUse, Route, Systems
from tieline.engine.run import Run
from tieline.flows.plan import plan_projects
from tieline.model.project import Project
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings, ConnectorFacts
from tieline.sdk.errors import Rejected
from tieline.store.canonical import refer
from tieline.store.database import Connection


class Role:
    """An ERP, PSA or CRM that only knows its name."""

    def __init__(self, connection: str) -> None:
        self.connection = connection
        self.system = connection.upper()


def connected(name: str, *roles: str) -> Connected:
    played: dict[str, Any] = {role: Role(name) for role in roles}

    def secret(name: str) -> str:
        raise AssertionError("no secret is asked for")

    return Connected(
        facts=ConnectorFacts(name=name, system=name.upper(), api="1", roles=(), auth=()),
        settings=ConnectionSettings(name=name, connector=name, account="1", url="", secret=secret),
        account=lambda: "1",
        check_live=list,
        describe=lambda record: [],
        read_raw=lambda record, key: {},
        mappings={},
        close=lambda: None,
        **played,
    )


ALL: Mapping[str, Connected] = {
    "salesforce": connected("salesforce", "crm"),
    "netsuite": connected("netsuite", "erp"),
    "tryton": connected("tryton", "erp"),
    "one": connected("one", "erp", "psa"),
}
US, DE = plan_projects(contract(line(1), line(2, delivering_entity="DE")), "Bluepeak", "006", "001")


def systems(db: Connection, routes: Sequence[Route], connections: Mapping[str, Connected] = ALL) -> Systems:
    return Systems(db, connections, routes, FIRM)


def erp_of(bench: Bench, project: Project, *routes: Route, connections: Mapping[str, Connected] = ALL) -> str:
    with bench.database.connection() as db:
        return systems(db, routes, connections).erp(project).connection


def test_the_first_route_that_fits_the_legal_entity_decides(bench: Bench) -> None:
    routes = (Route("erp", "tryton", "DE"), Route("erp", "netsuite"), Route("erp", "one"))
    assert erp_of(bench, US, *routes) == "netsuite"
    assert erp_of(bench, DE, *routes) == "tryton"


def test_a_project_stays_where_it_was_booked_when_the_routes_change(bench: Bench) -> None:
    assert erp_of(bench, US, Route("erp", "netsuite")) == "netsuite"
    assert erp_of(bench, US, Route("erp", "tryton")) == "netsuite"
    assert erp_of(bench, DE, Route("erp", "tryton")) == "tryton"
    assert bench.rows("select connection from route where record_id = %s", US.id) == [{"connection": "netsuite"}]


def test_a_connection_the_site_no_longer_names_is_told_and_not_replaced(bench: Bench) -> None:
    erp_of(bench, US, Route("erp", "netsuite"))
    left = {name: one for name, one in ALL.items() if name != "netsuite"}
    with pytest.raises(Rejected, match="booked with 'netsuite', which the site no longer names") as caught:
        erp_of(bench, US, Route("erp", "tryton"), connections=left)
    assert caught.value.kind == "policy"


def test_an_entity_without_a_route_is_told_with_what_to_do(bench: Bench) -> None:
    with pytest.raises(Rejected, match=r"No ERP is routed for legal entity 'US'; add a \[\[route\]\]") as caught:
        erp_of(bench, US, Route("erp", "tryton", "DE"))
    assert (caught.value.kind, caught.value.key) == ("master_data", "US")
    assert bench.rows("select * from route") == []


def test_one_system_may_play_two_roles_and_roles_are_pinned_apart(bench: Bench) -> None:
    with bench.database.connection() as db:
        found = systems(db, (Route("erp", "netsuite"), Route("psa", "one")))
        assert (found.erp(US).connection, found.psa(US).connection) == ("netsuite", "one")
        assert (found.has("psa"), found.has("crm")) == (True, False)


def test_a_role_the_firm_does_not_have_is_shown_as_not_in_use_and_blocks_nothing(bench: Bench) -> None:
    vendor = LedgerVendor()

    def flow(run: Run, key: str, own: Systems) -> None:
        psa = own.psa(US)
        planned = run.ensure("Project in PSA", psa.ensure_project, US)
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"), planned=planned)
        run.withdraw("Project in PSA", psa.ensure_project, [US.id])

    bench.flows["f"] = lambda run, key, _: flow(run, key, systems(run.db, ()))
    assert bench.look("f") == "done"
    (run,) = bench.rows("select steps from run")
    assert [step["what"] for step in run["steps"]] == ["not_in_use", "confirmed"]


def test_asking_a_role_that_is_not_in_use_for_data_says_which_one_is_missing() -> None:
    with pytest.raises(AttributeError, match="the firm has no psa: read_assignments cannot be asked"):
        NotInUse("psa").read_assignments  # noqa: B018 - the attribute itself raises


def test_the_crm_of_a_deal_is_where_it_was_born(bench: Bench) -> None:
    with bench.database.connection() as db:
        refer(db, "salesforce", "opportunity", "opp_1", "006")
        refer(db, "gone", "opportunity", "opp_2", "007")
        refer(db, "netsuite", "opportunity", "opp_3", "008")
        found = systems(db, ())
        assert found.crm("opp_1").connection == "salesforce"
        assert [found.crm(deal).connection for deal in ("opp_2", "opp_3", "opp_4")] == ["crm"] * 3


def test_a_withdrawn_engagement_is_closed(bench: Bench) -> None:
    with bench.database.connection() as db:
        db.execute("insert into engagement (id, name, customer_id, customer_name) values ('e', 'E', 'c', 'C')")
        assert not systems(db, ()).is_closed("e")
        db.execute("update engagement set closed_at = clock_timestamp()")
        assert systems(db, ()).is_closed("e")
        assert not systems(db, ()).is_closed("unknown")
