"""Reading customers: the account with its contacts in one query, followed to the master when it was merged."""

from dataclasses import dataclass

from tieline.connectors.salesforce.client import Row, Salesforce, no_id
from tieline.connectors.salesforce.org_id import is_id
from tieline.connectors.salesforce.reading import Reading, microseconds
from tieline.connectors.salesforce.soql import equals, select
from tieline.model.customer import Contact, Customer
from tieline.model.ids import born_outside
from tieline.sdk.errors import Rejected

CONTACTS = "Contacts"
MOST_CONTACTS = 2000
MOST_MERGES = 10


@dataclass(frozen=True, slots=True)
class Customers:
    """The accounts of one organisation."""

    salesforce: Salesforce
    reading: Reading
    account: str

    def read(self, ref: str) -> Customer:
        """The buyer with its contacts. Raises Rejected when it is gone or cannot be translated."""
        row = self.raw(ref)
        what = f"Customer '{row.get('Name')}'"
        values = self.reading.translate("customer", row, what)
        identifier = born_outside(self.account, "customer", self.reading.text(row, "Id"))
        parent = row.get("ParentId")
        contacts = self.salesforce.children(row, CONTACTS)
        return Customer(
            **values
            | {
                "id": identifier,
                "parent_id": born_outside(self.account, "customer", parent) if isinstance(parent, str) else None,
                "contacts": tuple(self._contact(contact, identifier, what) for contact in contacts),
                "source_version": microseconds(self.reading.moment(row.get("SystemModstamp"))),
            }
        )

    def raw(self, ref: str) -> Row:
        """The row as Salesforce has it; of a merged account that of its master."""
        for _ in range(MOST_MERGES):
            row = self._row(ref)
            if row is None:
                break
            if row.get("IsDeleted") is not True:
                return row
            master = row.get("MasterRecordId")
            if not isinstance(master, str):
                raise self._gone(f"Customer '{row.get('Name')}' was deleted in Salesforce")
            ref = master
        raise self._gone(f"Customer {ref} does not exist in Salesforce")

    def _row(self, ref: str) -> Row | None:
        if not is_id(ref):
            raise no_id(self.salesforce.connection, ref)
        contacts = select(
            self.reading.fields("contact", "Id"),
            CONTACTS,
            where="IsDeleted = false",
            order=("CreatedDate", "Id"),
            limit=MOST_CONTACTS,
        )
        fields = self.reading.fields(
            "customer", "Id", "Name", "ParentId", "IsDeleted", "MasterRecordId", "SystemModstamp"
        )
        query = select(fields, "Account", where=equals("Id", ref), children=[contacts])
        return self.salesforce.one(query, ref)

    def _contact(self, row: Row, customer_id: str, what: str) -> Contact:
        values = self.reading.translate("contact", row, f"{what}, contact {row.get('Id')}")
        identifier = born_outside(self.account, "contact", self.reading.text(row, "Id"))
        return Contact(**values | {"id": identifier, "customer_id": customer_id})

    def _gone(self, message: str) -> Rejected:
        return Rejected(self.salesforce.connection, message, kind="master_data", field="customer", owner="sales")
