"""A duplicate rule: a new record that looks like another one is refused unless the caller insists (section 8)."""

import re

from tieline_standins.core.http import Json
from tieline_standins.salesforce.api_error import ApiError
from tieline_standins.salesforce.call import ROOT
from tieline_standins.salesforce.store import Row, Table
from tieline_standins.salesforce.transaction import Transaction

_ALERT = "Use one of these records?"
_ALLOW = re.compile(r"allowSave\s*=\s*true", re.IGNORECASE)


class DuplicateError(ApiError):
    """The refusal with the records it found; in a collection only its code is told."""

    def __init__(self, kind: str, found: list[Row]) -> None:
        super().__init__(400, "DUPLICATES_DETECTED", _ALERT)
        self.kind = kind
        self.found = found

    def body(self) -> Json:
        records = [
            {
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100,
                "record": {
                    "attributes": {"type": self.kind, "url": f"{ROOT}v66.0/sobjects/{self.kind}/{row['Id']}"},
                    "Id": row["Id"],
                },
            }
            for row in self.found
        ]
        match = {
            "entityType": self.kind,
            "errors": [],
            "matchEngine": "FuzzyMatchEngine",
            "matchRecords": records,
            "rule": f"Standard_{self.kind}_Match_Rule_v1_1",
            "size": len(records),
            "success": True,
        }
        result = {
            "allowSave": True,
            "duplicateRule": f"Standard_{self.kind}_Duplicate_Rule",
            "duplicateRuleEntityType": self.kind,
            "errorMessage": _ALERT,
            "matchResults": [match],
        }
        return [{"duplicateResult": result, "errorCode": self.code, "message": self.message}]


def check_duplicate(work: Transaction, table: Table, row: Row) -> None:
    """Records of one name are duplicates, where an administrator switched the rule on. Raises DuplicateError."""
    if table.sobject.name not in work.org.settings.duplicate_rules or not row.get("Name"):
        return
    if _ALLOW.search(work.request.headers.get("sforce-duplicate-rule-header", "")):
        return
    name = row["Name"].casefold()
    found = [each for each in table.living() if (each["Name"] or "").casefold() == name]
    if found:
        raise DuplicateError(table.sobject.name, found)
