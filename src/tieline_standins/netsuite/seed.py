"""Sets the account up for the fictional firm: what finance has in NetSuite before the first deal is won."""

from calendar import monthrange
from decimal import Decimal

from tieline_standins.core.http import Json
from tieline_standins.firm import Firm
from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.drafting import Strictness
from tieline_standins.netsuite.store import Record

_CURRENCIES = {"USD": ("US Dollar", "1"), "GBP": ("British Pound", "1.27"), "EUR": ("Euro", "1.08")}
_TERMS = {"Due on receipt": 0, "Net 15": 15, "Net 30": 30, "Net 45": 45, "Net 60": 60}
_ACCOUNTS = {
    "1000": ("Operating Bank", "Bank"),
    "1100": ("Accounts Receivable", "AcctRec"),
    "1150": ("Unbilled Receivable", "OthCurrAsset"),
    "2300": ("Deferred Revenue", "DeferRevenue"),
    "4000": ("Consulting Revenue", "Income"),
    "4100": ("Fixed Price Revenue", "Income"),
    "4200": ("Rebilled Expenses", "Income"),
    "6000": ("Travel", "Expense"),
}
_EXPENSES = ("Airfare", "Lodging", "Meals", "Mileage", "Other Travel")
_TEMPLATES = ("Percent complete", "Straight line")  # of revenue recognition
_INCOME = {"service": "4000", "fixed": "4100", "expense": "4200"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TAX_RATES = {"US": "0", "GB": "20", "DE": "19"}  # per cent; change the salesTaxItem for others
_YEARS = range(2025, 2028)


def seed(books: Books, firm: Firm) -> None:
    """Subsidiaries, people, items, terms, tax and periods; no customer yet."""
    symbols = dict.fromkeys(entity.currency for entity in firm.entities)
    for symbol in symbols:
        name, rate = _CURRENCIES.get(symbol, (symbol, "1"))
        _add(books, "currency", symbol, name=name, symbol=symbol, exchangeRate=Decimal(rate), currencyPrecision=2)
    _seed_structure(books, firm)
    _seed_accounting(books)
    _seed_tax(books, firm)
    _seed_items(books, firm)
    _seed_people(books, firm)


def _add(books: Books, record: str, external_id: str | None, **body: Json) -> Record:
    return books.create(record, body, Strictness(names="error"), external_id)


def _seed_structure(books: Books, firm: Firm) -> None:
    parent: Json = None
    for entity in firm.entities:
        made = _add(
            books,
            "subsidiary",
            entity.code,
            name=entity.name,
            legalName=entity.name,
            currency={"externalId": entity.currency},
            country=entity.country,
            parent=parent,
        )
        parent = parent or {"id": str(made.id)}
        _add(books, "location", entity.code, name=entity.name, subsidiary={"id": str(made.id)})
    for name in firm.departments:
        _add(books, "department", name, name=name)
    for name in firm.regions:
        _add(books, "classification", name, name=name)


def _seed_accounting(books: Books) -> None:
    for name, days in _TERMS.items():
        _add(books, "term", name, name=name, daysUntilNetDue=days)
    for number, (name, kind) in _ACCOUNTS.items():
        _add(books, "account", number, acctNumber=number, acctName=name, acctType=kind)
    for name in _EXPENSES:
        _add(books, "expenseCategory", name, name=name, expenseAcct={"externalId": "6000"})
    for name in _TEMPLATES:
        _add(books, "revRecTemplate", name, name=name)
    for year in _YEARS:
        fiscal = _add(
            books,
            "accountingPeriod",
            None,
            periodName=f"FY {year}",
            startDate=f"{year}-01-01",
            endDate=f"{year}-12-31",
            isYear=True,
        )
        for month, name in enumerate(_MONTHS, start=1):
            first = f"{year}-{month:02d}"
            _add(
                books,
                "accountingPeriod",
                None,
                periodName=f"{name} {year}",
                startDate=f"{first}-01",
                endDate=f"{first}-{monthrange(year, month)[1]}",
                parent={"id": str(fiscal.id)},
                isYear=False,
                isQuarter=False,
            )


def _seed_tax(books: Books, firm: Firm) -> None:
    for country in dict.fromkeys(entity.country for entity in firm.entities):
        _add(books, "nexus", country, description=country, country=country)
        rate = Decimal(_TAX_RATES.get(country, "0"))
        code = f"{country}-STANDARD"
        _add(books, "salesTaxItem", code, itemId=code, rate=rate, country=country, isDefault=True)
        if rate:
            code = f"{country}-ZERO"
            _add(books, "salesTaxItem", code, itemId=code, rate=Decimal(0), country=country, isDefault=False)


def _seed_items(books: Books, firm: Firm) -> None:
    for item in firm.service_items:
        _add(
            books,
            "serviceSaleItem",
            item.code,
            itemId=item.code,
            displayName=item.name,
            incomeAccount={"externalId": _INCOME[item.kind]},
            isFulfillable=False,
            isInactive=False,
        )


def _seed_people(books: Books, firm: Firm) -> None:
    for person in firm.people:
        _add(
            books,
            "employee",
            None,
            firstName=person.name.split(" ", 1)[0],
            lastName=person.name.split(" ", 1)[1],
            email=person.email,
            title=person.role,
            subsidiary={"externalId": person.entity},
            location={"externalId": person.entity},
            laborCost=person.cost_rate,
            isJobResource=True,
        )
    first, last = firm.sales_rep.name.split(" ", 1)
    home = {"externalId": firm.entities[0].code}
    rep = {"firstName": first, "lastName": last, "email": firm.sales_rep.email, "subsidiary": home, "isSalesRep": True}
    _add(books, "employee", None, **rep)
