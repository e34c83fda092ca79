"""Sales through simple-salesforce: `win <address> <deal>` makes and wins a deal, `query <address> <soql>` reads.

The deal is JSON: `{"account": {...}, "opportunity": {...}, "product": code, "lines": [{...}]}`.
"""

import json
import sys

from connection import connect


def win(sales, deal):
    account = sales.Account.create(deal["account"])["id"]
    currency = deal["opportunity"]["CurrencyIsoCode"]
    entries = sales.query(
        "SELECT Id, Pricebook2Id FROM PricebookEntry"
        f" WHERE Product2.ProductCode = '{deal['product']}' AND CurrencyIsoCode = '{currency}' LIMIT 1"
    )["records"]
    made = sales.Opportunity.create(
        {**deal["opportunity"], "AccountId": account, "Pricebook2Id": entries[0]["Pricebook2Id"]}
    )["id"]
    for line in deal["lines"]:
        sales.OpportunityLineItem.create({**line, "OpportunityId": made, "PricebookEntryId": entries[0]["Id"]})
    sales.Opportunity.update(made, {"StageName": "Closed Won"})
    return {"account": account, "opportunity": made}


def query(sales, soql):
    return [dict(row) for row in sales.query_all(soql)["records"]]


if __name__ == "__main__":
    action, argument = sys.argv[1], sys.argv[3]
    client = connect()
    print(json.dumps(win(client, json.loads(argument)) if action == "win" else query(client, argument)))  # noqa: T201
