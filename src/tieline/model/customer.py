"""The customer who buys and is billed: hierarchy, legal entity, tax nexus, currency, terms and contacts."""

from decimal import Decimal
from typing import Annotated

from tieline.model.record import Owned, Record


class Address(Record):
    """A postal address; country is ISO 3166-1 alpha-2."""

    id: str = "address"
    street: Annotated[str | None, Owned("crm")] = None
    city: Annotated[str | None, Owned("crm")] = None
    region: Annotated[str | None, Owned("crm")] = None
    postal_code: Annotated[str | None, Owned("crm")] = None
    country: Annotated[str | None, Owned("crm")] = None


class Contact(Record):
    """A person at the customer."""

    customer_id: str
    first_name: Annotated[str | None, Owned("crm", "C4")] = None
    last_name: Annotated[str, Owned("crm", "C4")]
    email: Annotated[str | None, Owned("crm", "C4")] = None
    phone: Annotated[str | None, Owned("crm", "C4")] = None
    title: Annotated[str | None, Owned("crm")] = None


class Customer(Record):
    """A buyer. `billed_by` is set by `for_entity`: the legal entity of the firm under which an ERP holds it."""

    name: Annotated[str, Owned("crm")]
    parent_id: Annotated[str | None, Owned("crm")] = None
    legal_entity: Annotated[str | None, Owned("crm")] = None
    billed_by: Annotated[str | None, Owned("tieline")] = None
    tax_nexus: Annotated[str | None, Owned("crm", "C2")] = None
    """Where tax is due: ISO country, or country-region such as `US-CA`."""
    tax_id: Annotated[str | None, Owned("crm", "C2")] = None
    currency: Annotated[str | None, Owned("crm", "C2")] = None
    payment_terms: Annotated[str | None, Owned("crm", "C2")] = None
    email: Annotated[str | None, Owned("crm")] = None
    phone: Annotated[str | None, Owned("crm")] = None
    website: Annotated[str | None, Owned("crm")] = None
    billing_address: Annotated[Address, Owned("crm")] = Address()
    contacts: Annotated[tuple[Contact, ...], Owned("crm")] = ()
    satisfaction: Annotated[Decimal | None, Owned("crm")] = None
    """0 to 100, where the site maps a field of the CRM to it."""
    erp_number: Annotated[str | None, Owned("erp")] = None
    source_version: int = 0

    @property
    def subject(self) -> str:
        """One ERP record per legal entity that bills this customer."""
        return f"{self.id}:{self.billed_by}" if self.billed_by else self.id

    def for_entity(self, legal_entity: str, currency: str, payment_terms: str | None) -> "Customer":
        """This customer as the ERP of one legal entity holds it; the customer's own currency and terms win."""
        return self.model_copy(
            update={
                "billed_by": legal_entity,
                "currency": self.currency or currency,
                "payment_terms": self.payment_terms or payment_terms,
            }
        )
