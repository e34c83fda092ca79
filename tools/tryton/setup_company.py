# SPDX-License-Identifier: GPL-3.0-or-later
# Imports trytond and proteus; runs only inside Tryton's own environment and is not packaged with tieline.
"""Turns an activated Tryton database into the ERP of one legal entity of the fictional firm."""

import argparse
import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path

import pycountry
from proteus import Model, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company, get_company

FISCAL_YEARS = (2025, 2026, 2027)
PER_EURO = {"EUR": Decimal("1"), "USD": Decimal("1.10"), "GBP": Decimal("0.86"), "CHF": Decimal("0.95")}
PER_EURO |= {"JPY": Decimal("163"), "BHD": Decimal("0.415")}
DIGITS = {"JPY": 0, "BHD": 3}
COUNTRIES_WITH_REGIONS = ["CA", "DE", "US"]
TERM_DAYS = (14, 30, 60)
INTEGRATION_GROUPS = ["Accounting", "Sales", "Project Administration", "Timesheet Administration"]
FINANCE_GROUPS = [*INTEGRATION_GROUPS, "Accounting Administration"]


def add_countries():
    """Addresses refer to countries, which a new database has not; states and provinces only where the firm sells."""
    model, region_model = Model.get("country.country"), Model.get("country.subdivision")
    countries = [
        model(name=source.name, code=source.alpha_2, code3=source.alpha_3, code_numeric=source.numeric)
        for source in pycountry.countries
    ]
    model.save(countries)
    regions = [
        region_model(country=country, name=source.name, code=source.code, type=source.type.lower())
        for country in model.find([("code", "in", COUNTRIES_WITH_REGIONS)])
        for source in pycountry.subdivisions.get(country_code=country.code)
        if source.parent_code is None
    ]
    region_model.save(regions)


def add_currencies(company_currency):
    """Rates are fictional and constant, relative to the company's currency."""
    model = Model.get("currency.currency")
    for code, per_euro in PER_EURO.items():
        source = pycountry.currencies.get(alpha_3=code)
        currency = model(name=source.name, code=code, numeric_code=source.numeric)
        currency.digits = DIGITS.get(code, 2)
        currency.rounding = Decimal(1).scaleb(-currency.digits)
        rate = (per_euro / PER_EURO[company_currency]).quantize(Decimal("0.000001"))
        currency.rates.new(date=dt.date(2000, 1, 1), rate=rate)
        currency.save()


def add_company(name, currency):
    party = Model.get("party.party")(name=name)
    party.save()
    create_company(party=party, currency=currency)
    return get_company()


def add_books(company):
    """Chart of accounts and open fiscal years with periods and invoice numbers."""
    create_chart(company)
    for year in FISCAL_YEARS:
        start, end = dt.date(year, 1, 1), dt.date(year, 12, 31)
        fiscal_year = create_fiscalyear(company, (start, end))
        fiscal_year.name, fiscal_year.start_date, fiscal_year.end_date = str(year), start, end
        fiscal_year = set_fiscalyear_invoice_sequences(fiscal_year)
        fiscal_year.save()
        fiscal_year.click("create_period")
    accounts = get_accounts(company)
    books = Model.get("account.configuration")(1)
    (books.currency_exchange_journal,) = Model.get("account.journal").find([("code", "=", "EXC")])
    books.currency_exchange_credit_account = accounts["revenue"]
    books.currency_exchange_debit_account = accounts["expense"]
    books.save()
    return accounts


def add_taxes(accounts, percent):
    """`Standard` is what products carry; `Reverse charge` is what a foreign business customer is shown."""
    tax_model = Model.get("account.tax")
    taxes = []
    for name, rate, legal_notice in (
        ("Standard", percent / 100, None),
        ("Reverse charge", Decimal(0), "Tax is due by the recipient of the service."),
    ):
        tax = tax_model(name=name, description=f"{name} {rate * 100:.0f} %", type="percentage", rate=rate)
        tax.legal_notice = legal_notice
        tax.invoice_account = tax.credit_note_account = accounts["tax"]
        tax.save()
        taxes.append(tax)
    return taxes[0]


def add_terms_and_payment(accounts):
    term_model = Model.get("account.invoice.payment_term")
    for days in TERM_DAYS:
        term = term_model(name=f"Net {days}")
        term.lines.new(type="remainder").relativedeltas.new(days=days)
        term.save()
    (journal,) = Model.get("account.journal").find([("type", "=", "cash")])
    cash = accounts["cash"]
    Model.get("account.invoice.payment.method")(
        name="Bank", journal=journal, credit_account=cash, debit_account=cash
    ).save()


def add_products(firm, accounts, tax):
    """One service product per item of the firm, and `CONSULTING`, the product of projects."""
    category = Model.get("product.category")(name="Services", accounting=True)
    category.account_revenue, category.account_expense = accounts["revenue"], accounts["expense"]
    category.customer_taxes.append(tax)
    category.save()
    units = {unit.symbol: unit for unit in Model.get("product.uom").find([("symbol", "in", ["h", "u"])])}
    template_model = Model.get("product.template")
    general = {"code": "CONSULTING", "name": "Consulting", "kind": "service"}
    for item in [general, *firm["service_items"]]:
        template = template_model(name=item["name"], code=item["code"], type="service", salable=True)
        template.default_uom = units["h" if item["kind"] == "service" else "u"]
        template.list_price = Decimal(0)
        template.account_category = category
        template.save()


def add_employees(firm, company):
    """All people of the firm, with an e-mail as their key and the cost per hour from the first fiscal year on."""
    party_model, employee_model = Model.get("party.party"), Model.get("company.employee")
    since = dt.date(FISCAL_YEARS[0], 1, 1)
    for person in firm["people"]:
        party = party_model(name=person["name"])
        party.contact_mechanisms.new(type="email", value=person["email"])
        party.save()
        employee = employee_model(party=party, company=company, start_date=since)
        employee.cost_prices.new(date=since, cost_price=Decimal(person["cost_rate"]))
        employee.save()


def add_analytic_axes(firm, company):
    """Dimensions: one analytic axis each for department (practice) and region."""
    model = Model.get("analytic_account.account")
    for axis, names in (("Department", firm["departments"]), ("Region", firm["regions"])):
        root = model(name=axis, code=axis.upper(), type="root", company=company)
        root.save()
        for name in names:
            model(name=name, code=name, type="normal", company=company, root=root, parent=root).save()


def add_user(login, name, password, groups):
    user = Model.get("res.user")(name=name, login=login)
    user.password = password
    company = get_company()  # proteus lets one record object belong to one list only
    user.companies.append(company)
    user.company = company
    group_model = Model.get("res.group")
    for group in group_model.find([("name", "in", groups)]):
        user.groups.append(group_model(group.id))
    user.save()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--firm", type=Path, required=True)
    parser.add_argument("--company", required=True)
    parser.add_argument("--currency", required=True, choices=sorted(PER_EURO))
    parser.add_argument("--tax", type=Decimal, required=True, help="percent")
    parser.add_argument("--password", required=True)
    chosen = parser.parse_args()
    firm = tomllib.loads(chosen.firm.read_text(encoding="utf-8"))

    config.set_trytond(database=chosen.database, config_file=chosen.config)
    add_countries()
    add_currencies(chosen.currency)
    company = add_company(chosen.company, chosen.currency)
    accounts = add_books(company)
    tax = add_taxes(accounts, chosen.tax)
    add_terms_and_payment(accounts)
    add_products(firm, accounts, tax)
    add_employees(firm, company)
    add_analytic_axes(firm, company)
    add_user("integration", "Tieline integration", chosen.password, INTEGRATION_GROUPS)
    add_user("finance", "Finance", chosen.password, FINANCE_GROUPS)


if __name__ == "__main__":
    main()
