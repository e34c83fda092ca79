"""The seeded org of the fictional firm: users, stages, products with prices, customers; no opportunity."""

from datetime import UTC, datetime
from decimal import Decimal

from tieline_standins.core.http import Json
from tieline_standins.firm import Firm
from tieline_standins.salesforce.schema import Field, Schema
from tieline_standins.salesforce.settings import INTEGRATION_USER
from tieline_standins.salesforce.store import Row, Store
from tieline_standins.salesforce.transaction import Org
from tieline_standins.salesforce.values import as_text

# name, closed, won, forecast category, its name, probability (fact sheet section 3, [K])
_STAGES = (
    ("Prospecting", False, False, "Pipeline", "Pipeline", 10),
    ("Qualification", False, False, "Pipeline", "Pipeline", 10),
    ("Needs Analysis", False, False, "Pipeline", "Pipeline", 20),
    ("Value Proposition", False, False, "Pipeline", "Pipeline", 50),
    ("Id. Decision Makers", False, False, "Pipeline", "Pipeline", 60),
    ("Perception Analysis", False, False, "Pipeline", "Pipeline", 70),
    ("Proposal/Price Quote", False, False, "BestCase", "Best Case", 75),
    ("Negotiation/Review", False, False, "Forecast", "Commit", 90),
    ("Closed Won", True, True, "Closed", "Closed", 100),
    ("Closed Lost", True, False, "Omitted", "Omitted", 0),
)
# The same at every start: a restart must not make the seeded records look changed.
FOUNDED = datetime(2020, 1, 6, 9, tzinfo=UTC)
_LIST_PRICE = Decimal("1000.00")
_MONEY_OBJECTS = (
    "Account", "Contact", "Opportunity", "OpportunityLineItem", "Quote", "QuoteLineItem", "Product2", "PricebookEntry",
    "Contract", "Order", "OrderItem",
)  # fmt: skip


def add_currencies(schema: Schema, firm: Firm) -> None:
    """What switching on multiple currencies does: CurrencyIsoCode on every object that holds money."""
    for name in _MONEY_OBJECTS:
        schema.objects[name].add(currency_field(firm))


def remove_currencies(schema: Schema) -> None:
    for each in schema.objects.values():
        each.remove("CurrencyIsoCode")


def currency_field(firm: Firm) -> Field:
    codes = (*(entity.currency for entity in firm.entities), *firm.currencies)
    return Field("CurrencyIsoCode", "picklist", label="Currency ISO Code", length=3, picklist=codes, restricted=True,
                 defaulted=True)  # fmt: skip


def fill(org: Org) -> None:
    """Write the seed: no ledger entries, no change events."""
    seed = _Seed(org.store, as_text(FOUNDED))
    firm = org.context.firm
    org.id = seed.add("Organization", Name=firm.name, InstanceName="HM1", IsSandbox=True,
                      OrganizationType="Enterprise Edition", DefaultLocaleSidKey="en_US",
                      TimeZoneSidKey="America/New_York")  # fmt: skip
    seed.user = seed.person("Tieline Integration", INTEGRATION_USER)
    seed.person(firm.sales_rep.name, firm.sales_rep.email)
    for person in firm.people:
        if person.approver:
            seed.person(person.name, person.email)
    for place, (name, closed, won, category, shown, probability) in enumerate(_STAGES, start=1):
        stage = {"IsClosed": closed, "IsWon": won, "ForecastCategory": category, "ForecastCategoryName": shown}
        seed.add("OpportunityStage", MasterLabel=name, ApiName=name, IsActive=True, SortOrder=place,
                 DefaultProbability=probability, **stage)  # fmt: skip
    book = seed.add("Pricebook2", Name="Standard Price Book", IsActive=True, IsStandard=True)
    for product in firm.products:
        made = seed.add("Product2", Name=product.name, ProductCode=product.code, Family=product.department,
                        IsActive=True, CurrencyIsoCode="USD")  # fmt: skip
        for entity in firm.entities:
            seed.add("PricebookEntry", Name=product.name, ProductCode=product.code, Pricebook2Id=book, Product2Id=made,
                     UnitPrice=_LIST_PRICE, IsActive=True, CurrencyIsoCode=entity.currency)  # fmt: skip
    for customer in firm.customers:
        seed.add("Account", Name=customer.name, BillingCountry=customer.country, CurrencyIsoCode=customer.currency)


class _Seed:
    def __init__(self, store: Store, stamp: str) -> None:
        self.store = store
        self.stamp = stamp
        self.user: str | None = None

    def person(self, name: str, email: str) -> str:
        first, _, last = name.partition(" ")
        return self.add("User", Username=email, Email=email, FirstName=first, LastName=last, Name=name,
                        Alias=first[:8].lower(), IsActive=True)  # fmt: skip

    def add(self, kind: str, **values: Json) -> str:
        table = self.store.table(kind)
        record_id = self.store.new_id(table.sobject)
        row: Row = {
            name: False if each.type == "boolean" else each.default for name, each in table.sobject.fields.items()
        }
        row |= {
            **values,
            "Id": record_id,
            "CreatedDate": self.stamp,
            "LastModifiedDate": self.stamp,
            "SystemModstamp": self.stamp,
            "CreatedById": self.user,
            "LastModifiedById": self.user,
        }
        if "OwnerId" in row:
            row["OwnerId"] = self.user
        table.put(record_id, row)
        return record_id
