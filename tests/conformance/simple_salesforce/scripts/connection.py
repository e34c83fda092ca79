"""simple-salesforce pointed at a stand-in.

The library builds every address as https and its login host as https://{domain}.salesforce.com. An adapter mounted on
`https://` sends those requests to the stand-in by plain HTTP instead; nothing else of the library is changed.
"""

import sys
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

CONSUMER_KEY = "3MVG9haldenmarsh.tieline"
CONSUMER_SECRET = "halden-marsh-consumer-secret"
USERNAME = "integration@haldenmarsh.example"
PASSWORD = "halden-marsh-password"
SECURITY_TOKEN = "SECTOKEN"
DOMAIN = "haldenmarsh.my"
VERSION = "66.0"


class ToStandIn(HTTPAdapter):
    """Sends https requests to one plain HTTP address and counts the calls of the token endpoint."""

    def __init__(self, address):
        super().__init__()
        self.netloc = urlsplit(address).netloc
        self.token_calls = 0

    def send(self, request, **options):
        asked = urlsplit(request.url)
        self.token_calls += asked.path == "/services/oauth2/token"
        request.url = urlunsplit(("http", self.netloc, asked.path, asked.query, asked.fragment))
        return super().send(request, **options)


def address():
    return sys.argv[2]


def session():
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", ToStandIn(address()))
    return made


def connect(**options):
    """Logged in with client credentials."""
    return Salesforce(
        consumer_key=CONSUMER_KEY,
        consumer_secret=CONSUMER_SECRET,
        domain=DOMAIN,
        version=VERSION,
        session=options.pop("session", None) or session(),
        **options,
    )


def customize(change):
    """What an administrator would do in Setup; the library has no part in it."""
    answer = requests.post(f"{address()}/__standin__/customize", json=change, timeout=10)
    assert answer.status_code == 200, answer.text


def legal_entity_and_external_ids():
    """The custom fields most firms add first."""
    key = {"type": "string", "length": 80, "externalId": True}
    customize(
        {
            "fields": [
                {"object": "Account", "name": "Ext_Id__c", "label": "External id", **key, "unique": True},
                {"object": "Account", "name": "Tier__c", "type": "picklist", "picklist": ["Gold", "Silver"]},
                {"object": "Contact", "name": "Badge__c", **key},
                {"object": "Opportunity", "name": "Deal_Key__c", **key, "unique": True},
                {
                    "object": "Opportunity",
                    "name": "Legal_Entity__c",
                    "type": "picklist",
                    "picklist": ["US", "UK", "DE"],
                },
                {"object": "Opportunity", "name": "Go_Live__c", "type": "datetime"},
                {"object": "Opportunity", "name": "Budget__c", "type": "currency", "precision": 16, "scale": 2},
            ]
        }
    )


def failure(call, *arguments, **options):
    """How the library reports a refused call."""
    try:
        call(*arguments, **options)
    except Exception as error:  # noqa: BLE001 - whatever the library raises is the fact to report
        return {
            "type": type(error).__name__,
            "status": getattr(error, "status", None),
            "code": getattr(error, "code", None),
            "message": getattr(error, "message", None),
            "content": getattr(error, "content", None),
        }
    return None
