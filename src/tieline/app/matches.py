"""All customers compared with each other: what a steward may look through at any time, and once after an upgrade."""

from dataclasses import asdict, dataclass

from tieline.matching.customers import customer_keys, party_of
from tieline.matching.matches import find_matches
from tieline.matching.score import Bands
from tieline.model.customer import Customer
from tieline.model.firm import Firm
from tieline.store import master_data
from tieline.store.canonical import loaded
from tieline.store.database import Connection, Database, repeating


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What came of it."""

    customers: int
    likely: int
    """Pairs for a person."""
    gone: int
    """Open pairs that are not likely any more."""


@repeating
def look_through(database: Database, firm: Firm) -> Looked:
    """Compare every customer with every other that shares something telling; nothing is merged by it."""
    with database.transaction() as db:
        _see_older(db)
        customers = {customer.id: customer for customer in master_data.all_customers(db)}
        bands = Bands(auto=float(firm.auto_link), maybe=float(firm.ask_from))
        found = find_matches([party_of(one) for one in customers.values()], bands, master_data.told_apart(db))
        likely = [
            match
            for match in (*found.same, *found.maybe)
            if customers[match.one].parent_id != match.other and customers[match.other].parent_id != match.one
        ]
        for match in likely:
            reasons = [asdict(reason) for reason in match.score.reasons]
            master_data.note_pair(db, match.one, match.other, match.score.probability, reasons)
        gone = master_data.forget_pairs(db, but={tuple(sorted((one.one, one.other))) for one in likely})  # type: ignore[misc]
        asked = master_data.count_open(db)
    return Looked(customers=len(customers), likely=asked, gone=gone)


_OLDER = """
select r.body from record r where r.kind = 'customer'
  and not exists (select from master_record m where m.kind = r.kind and m.id = r.id)
"""


def _see_older(db: Connection) -> None:
    """Customers read before they were compared."""
    for row in db.execute(_OLDER).fetchall():
        customer = loaded(Customer, row["body"])
        master_data.see_customer(db, customer, customer_keys(customer))
