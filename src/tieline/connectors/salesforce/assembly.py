"""Puts a Salesforce connection together: sign-in, client, mappings, role, push and checks."""

from collections.abc import Mapping as Values
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tieline.connectors.salesforce.change_orders import ChangeOrders
from tieline.connectors.salesforce.changes import OpportunityFeed
from tieline.connectors.salesforce.checks import LiveChecks, described
from tieline.connectors.salesforce.client import CALL_OPTIONS, Row, Salesforce
from tieline.connectors.salesforce.crm import crm_role
from tieline.connectors.salesforce.customers import Customers
from tieline.connectors.salesforce.events import ChangeEvents
from tieline.connectors.salesforce.follow_up import FOLLOW_UPS
from tieline.connectors.salesforce.operations import Writing
from tieline.connectors.salesforce.opportunities import Opportunities
from tieline.connectors.salesforce.reading import Reading
from tieline.connectors.salesforce.refusal import refusal
from tieline.connectors.salesforce.settings import read_options
from tieline.connectors.salesforce.sign_in import SignIn
from tieline.mapping import Mapping, ValueTables, load_mapping
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings, load_facts
from tieline.sdk.errors import Rejected
from tieline.sdk.http import Gate, VendorHttp

HERE = Path(__file__).parent


def connect(settings: ConnectionSettings, gate: Gate) -> Connected:
    """A connection in use; nothing is called yet. Raises ValueError (options) or MappingFileError."""
    options, facts = read_options(settings), load_facts(HERE)
    unused = () if options.change_orders else ("change_order", "change_order_line")
    not_made = [target for kind, target in FOLLOW_UPS.items() if kind not in options.follow_ups]
    mappings = load_mappings(settings, leave_out=(*unused, *not_made))
    sign_in = SignIn(settings, options, gate)
    http = VendorHttp(
        connection=settings.name,
        base_url=settings.url,
        authorizer=sign_in,
        refusal=refusal,
        gate=gate,
        headers=CALL_OPTIONS,
    )
    salesforce = Salesforce(http, options.api_version)
    reading = Reading(settings.name, mappings, options.currency)
    opportunities = Opportunities(salesforce, reading, options, settings.account)
    customers = Customers(salesforce, reading, settings.account)
    events = ChangeEvents(settings, options, sign_in, gate)
    objects = {key: mapping.vendor for name, mapping in mappings.items() for key in (mapping.record, name)}

    def describe(record: str) -> Sequence[Values[str, Any]]:
        return [described(field) for field in salesforce.describe(_object(settings.name, objects, record))]

    def read_raw(record: str, identifier: str) -> Row:
        match record:
            case "opportunity":
                return opportunities.raw(identifier)
            case "customer":
                return customers.raw(identifier)
        names = [str(field["name"]) for field in describe(record)]
        return salesforce.record(_object(settings.name, objects, record), identifier, names)

    def close() -> None:
        for closing in (events, http, sign_in):
            closing.close()

    checks = LiveChecks(salesforce, sign_in, reading, facts, options, settings.account)
    return Connected(
        facts=facts,
        settings=settings,
        crm=crm_role(
            Writing(salesforce, mappings, facts, options.currency),
            url=settings.url,
            opportunities=opportunities,
            change_orders=ChangeOrders(salesforce, reading, settings.account, options.change_orders),
            customers=customers,
            feed=OpportunityFeed(salesforce, reading, options),
            follow_ups=options.follow_ups,
        ),
        account=sign_in.organisation,
        check_live=checks.run,
        allowance=checks.allowance,
        describe=describe,
        read_raw=read_raw,
        mappings=mappings,
        listen=events.listen,
        close=close,
    )


def load_mappings(settings: ConnectionSettings, *, leave_out: Sequence[str] = ()) -> Values[str, Mapping]:
    """The shipped mappings by target, with the site's rows over them."""
    folders = [*([settings.values] if settings.values else []), HERE / "values"]
    tables = ValueTables(folders)
    return {
        shipped.stem: load_mapping(
            shipped,
            overrides=settings.mappings / shipped.name if settings.mappings else None,
            tables=tables,
            owners=settings.owners,
            target_role="crm",
        )
        for shipped in sorted((HERE / "mappings").glob("*.toml"))
        if shipped.stem not in leave_out
    }


def _object(connection: str, objects: Values[str, str], record: str) -> str:
    if record not in objects:
        raise Rejected(
            connection, f"'{record}' is nothing this connection holds; it holds {', '.join(sorted(objects))}"
        )
    return objects[record]
