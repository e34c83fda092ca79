"""What the site knows and the database does not: the firm, item codes of each ERP, and which ERPs take time."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tieline.billing.pricing import PersonTerms, Terms
from tieline.billing.rate_card import Rate, RateCard, rate_of
from tieline.model.contract import ContractVersion
from tieline.model.firm import Firm

MOST_TERMS = 20_000
"""Projects whose terms are kept; a contract version never changes, so they never grow stale."""


class Pricing:
    """Made once per process and shared by its threads.

    `items`: ERP connection -> role, `expense` or `fixed` -> the vendor's item id; a connection without a table needs no
    items. `batch_sizes`: the ERP connections that take time, with the lines of a batch. `off`: (connection, legal
    entity) that are not live: lines are priced and checked there, and never posted.
    """

    def __init__(
        self,
        firm: Firm,
        *,
        items: Mapping[str, Mapping[str, str]] | None = None,
        batch_sizes: Mapping[str, int] | None = None,
        off: Iterable[tuple[str, str]] = (),
        markup: Decimal = Decimal(1),
    ) -> None:
        self.items = dict(items or {})
        self.batch_sizes = dict(batch_sizes or {})
        self._off = frozenset(off)
        self._markup = markup
        self._standard = tuple(rate_of(row) for row in firm.standard_rates)
        currency = {entity.id: entity.currency for entity in firm.legal_entities}
        self._people = {
            one.id.lower(): PersonTerms(one.id.lower(), one.role, one.cost_rate, currency.get(one.legal_entity))
            for one in firm.people
        }
        self._terms: dict[tuple[str, str, int], Terms] = {}

    def posts(self, connection: str | None, legal_entity: str | None) -> bool:
        """Whether time of this entity goes to this ERP."""
        return connection in self.batch_sizes and (connection, legal_entity) not in self._off

    def item(self, connection: str | None, code: str) -> str | None:
        """The vendor's item of a code; None when the ERP needs none (or has none: `lacks_item`)."""
        return self.items.get(connection or "", {}).get(code)

    def lacks_item(self, connection: str | None, code: str) -> bool:
        """Whether the ERP has a table of items and this code is not in it."""
        return connection in self.items and code not in self.items[connection]

    def person(self, email: str) -> PersonTerms:
        """What the firm knows of a person; cost and role are None for one the site does not list."""
        return self._people.get(email) or PersonTerms(email, None, None, None)

    def known_terms(self, project_id: str, contract_id: str, version: int) -> Terms | None:
        """Terms made before."""
        return self._terms.get((project_id, contract_id, version))

    def add_terms(
        self, project_id: str, code: str, legal_entity: str, currency: str, contract: ContractVersion
    ) -> Terms:
        """The terms of a project under a contract version."""
        rates: list[Rate] = [*(rate_of(row) for row in contract.rate_card), *self._standard]
        terms = Terms(
            project_id=project_id,
            project_code=code,
            contract_id=contract.id,
            contract_version=contract.version,
            legal_entity=legal_entity,
            currency=currency,
            billing_method=contract.billing_method,
            start_date=contract.start_date,
            end_date=contract.end_date,
            rates=RateCard(rates, contract.id, project_id, currency),
            markup=self._markup,
        )
        if len(self._terms) >= MOST_TERMS:
            self._terms.clear()
        self._terms[project_id, contract.id, contract.version] = terms
        return terms
