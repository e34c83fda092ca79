"""Two customers that may be one, on the books."""

from tieline.app.matches import look_through
from tieline.matching.customers import customer_keys
from tieline.model.customer import Address, Customer
from tieline.model.firm import Firm
from tieline.store.database import Database
from tieline.store.master_data import see_customer

HERE = Address(street="120 N Lake Street", city="Chicago", postal_code="60606", country="US")
THERE = Address(street="9 Harbor Road", city="Boston", postal_code="02110", country="US")
BRIGHT = Customer(id="cus_a", name="Brightwater Logistics Inc", phone="312 555 0199", billing_address=HERE)
TWIN = Customer(id="cus_b", name="Brightwater Logistics", website="brightwater.example", phone="312 555 0199")
OTHER = Customer(id="cus_c", name="Helios Freight", billing_address=THERE)


def firm_of(**more: float) -> Firm:
    """A firm with the usual bounds, unless given."""
    return Firm(id="firm", name="Halden Marsh", legal_entities=(), service_lines=(), **more)


def see(database: Database, *customers: Customer) -> None:
    """Keep customers as a flow does that reads them."""
    with database.transaction() as db:
        for customer in customers:
            see_customer(db, customer, customer_keys(customer))


def twins(database: Database) -> int:
    """Two likely twins and somebody else; the number of the pair."""
    see(database, BRIGHT, TWIN, OTHER)
    assert look_through(database, firm_of()).likely == 1
    with database.connection() as db:
        row = db.execute("select id from match_pair").fetchone()
    assert row is not None
    return int(row["id"])
