"""What the site knows and the database does not: the firm, item codes of each ERP, and which ERPs take time."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tieline.billing.fx import FxRates
from tieline.billing.pricing import PersonTerms, Terms
from tieline.billing.rate_card import Place, Rate, RateCard, rate_of
from tieline.model.contract import BillingMethod, ContractVersion, RateCardRow
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
    ) -> None:
        self.items = dict(items or {})
        self.batch_sizes = dict(batch_sizes or {})
        self._off = frozenset(off)
        self._fx = FxRates(firm.fx_rates)
        self._standard = tuple(rate_of(row) for row in firm.standard_rates)
        currency = {entity.id: entity.currency for entity in firm.legal_entities}
        self._people = {
            one.id.lower(): PersonTerms(
                one.id.lower(), one.role, firm.cost_steps(one), currency.get(one.legal_entity), one.level, one.location
            )
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
        return self._people.get(email) or PersonTerms(email, None, (), None)

    def known_terms(self, project_id: str, contract_id: str, version: int) -> Terms | None:
        """Terms made before."""
        return self._terms.get((project_id, contract_id, version))

    def add_terms(
        self, project_id: str, code: str, legal_entity: str, currency: str, contract: ContractVersion
    ) -> Terms:
        """The terms of a project under a contract version."""
        place = Place(contract.id, project_id, currency, contract.customer_id, contract.service_line, contract.region)
        agreed = contract.billing_terms
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
            rates=RateCard([*contract_rates(contract), *self._standard], place),
            methods=methods_by_role(contract, legal_entity),
            factors={one.when: one.factor for one in agreed.factors},
            expenses=agreed.expenses,
            fx=self._fx,
        )
        if len(self._terms) >= MOST_TERMS:
            self._terms.clear()
        self._terms[project_id, contract.id, contract.version] = terms
        return terms


def contract_rates(contract: ContractVersion) -> list[Rate]:
    """What the contract agrees; one blended rate takes the place of the rates by role."""
    blended = contract.billing_terms.blended_rate
    if blended is None:
        return [rate_of(row) for row in contract.rate_card]
    row = RateCardRow(
        id=f"{contract.id}:blended",
        precedence=4,
        contract_id=contract.id,
        currency=contract.currency,
        rate=blended,
        valid_from=contract.start_date,
    )
    rule = f"blended rate {contract.currency} {blended:.2f} of contract version {contract.version}"
    return [replace(rate_of(row), rule=rule), *(rate_of(row) for row in contract.rate_card if row.precedence < 3)]


def methods_by_role(contract: ContractVersion, legal_entity: str) -> dict[str, BillingMethod]:
    """How the work of roles is billed, where it is not as the contract's; a role has one way within an entity."""
    return {
        line.role: line.billing_method
        for line in contract.lines
        if line.role and line.billing_method and line.delivering_entity == legal_entity
    }
