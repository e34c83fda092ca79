"""Employees of NetSuite by e-mail, the key people share between systems."""

from collections import Counter
from collections.abc import Mapping

from tieline.connectors.netsuite.client import NetSuite
from tieline.sdk.errors import Rejected

PEOPLE = "select id, email from employee where isinactive = 'F' and email is not null order by id"


def list_people(client: NetSuite) -> Mapping[str, str]:
    """Employee ids by lower-cased e-mail; an address of several employees names nobody and is left out."""
    found = [(str(row.get("email", "")).strip().lower(), str(row.get("id"))) for row in client.rows(PEOPLE)]
    times = Counter(email for email, _ in found)
    return {email: employee for email, employee in found if email and times[email] == 1}


def employee_of(client: NetSuite, email: str) -> str:
    """The one active employee with an e-mail. Raises Rejected when there is none, or more than one."""
    found = list_people(client).get(email.strip().lower())
    if found is None:
        raise Rejected(
            client.connection,
            f"NetSuite has no active employee with the e-mail {email}, or several of them",
            kind="master_data",
            field="person",
            key=email,
            owner="resource",
        )
    return found
