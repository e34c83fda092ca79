"""Messages to people, and the ERP's customer number that goes back to the CRM."""

from typing import Annotated

from tieline.model.record import Owned, Record


class Notice(Record):
    """A message sent once per occasion; `id` is the occasion. The text is not part of its identity."""

    subject_line: str
    text: str
    to: tuple[str, ...] = ()
    """E-mails."""


class CustomerLink(Record):
    """The ERP's number of a customer, for the CRM; `id` is our customer's id and legal entity."""

    legal_entity: str
    erp_system: str
    erp_number: Annotated[str, Owned("tieline")]
