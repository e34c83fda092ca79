"""Our references in Kantata (external references): written with a record, looked up before it is written again."""

from collections.abc import Sequence
from dataclasses import dataclass

from tieline.connectors.kantata.client import Kantata, Page, Row
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Found

REFERENCE = "external_reference"


@dataclass(frozen=True, slots=True)
class References:
    """The references of one service name. A record has one for each service name (fact sheet section 5)."""

    kantata: Kantata
    service_name: str

    def of(self, model: str, subject: str) -> Row:
        """The reference to write inline when a record is created; `model` is our name of the record."""
        return {
            "service_name": self.service_name,
            "service_model": model,
            "service_model_ref": subject,
            "status": "successful",
        }

    def find(self, subject_type: str, reference: Row, words: str) -> Sequence[Found]:
        """Records of a subject type with exactly this reference.

        Not by the filters of the records' own lists: those declare our part of the reference an integer, and leave
        archived records out.
        """
        wanted = {name: str(reference[name]) for name in ("service_name", "service_model", "service_model_ref")}
        found = [
            str(row.get("subject_id"))
            for row in self.kantata.rows("external_references", subject_type=subject_type, **wanted)
            if all(row.get(name) == value for name, value in wanted.items())
        ]
        return [Found(identifier, f"{words} {identifier}") for identifier in dict.fromkeys(found)]

    def one(self, subject_type: str, reference: Row, words: str) -> str | None:
        """The one record with this reference. Raises Rejected when there are more."""
        found = self.find(subject_type, reference, words)
        if len(found) > 1:
            names = ", ".join(item.label for item in found[:5])
            message = f"Kantata holds more than one record with our reference: {names}"
            raise Rejected(self.kantata.connection, message, kind="duplicate", owner="delivery")
        return found[0].external_id if found else None

    def subject_of(self, row: Row, page: Page, model: str) -> str | None:
        """Our id of a record that was read with `include=external_references`."""
        for found in page.linked(row, "external_reference_ids", "external_references"):
            subject = found.get("service_model_ref")
            ours = (found.get("service_name"), found.get("service_model")) == (self.service_name, model)
            if ours and isinstance(subject, str):
                return subject
        return None
