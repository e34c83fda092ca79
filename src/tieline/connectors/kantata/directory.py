"""Ids of what an account calls by name: roles, people, custom fields. Loaded when first needed, again on a miss."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from tieline.connectors.kantata.client import Kantata, Page, Row, is_id
from tieline.sdk.errors import ExceptionKind, Rejected


class Directory:
    """Names of one account."""

    def __init__(self, kantata: Kantata) -> None:
        self._kantata = kantata
        self._lock = threading.Lock()
        self._roles: Mapping[str, str] = {}
        self._people: dict[str, str | None] = {}
        self._fields: Mapping[str, tuple[Row, Mapping[str, int]]] = {}

    def role_id(self, name: str) -> int:
        """The role of a name. Raises Rejected when Kantata has none."""
        with self._lock:
            if name not in self._roles:
                rows = self._kantata.rows("roles")
                self._roles = {str(row.get("name")): str(row["id"]) for row in rows if not row.get("deleted_at")}
            if name not in self._roles:
                raise self._unknown("role", name, f"Kantata has no role '{name}'", "resource")
            return int(self._roles[name])

    def user_id(self, email: str) -> int:
        """The person of an e-mail. Raises Rejected when Kantata has none."""
        wanted = email.strip().lower()
        with self._lock:
            found = next((key for key, value in self._people.items() if value == wanted), None)
            if found is None:
                self._load_people()
                found = next((key for key, value in self._people.items() if value == wanted), None)
            if found is None:
                raise self._unknown("person", email, f"Kantata has no person with the e-mail {email}", "resource")
            return int(found)

    def email_of(self, user_id: str) -> str | None:
        """The e-mail of a person."""
        with self._lock:
            if user_id not in self._people:
                self._load_people()
            return self._people.setdefault(user_id, None)

    def custom_fields(self, subject_type: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """Values by the names of custom fields, as Kantata wants them. Raises Rejected for one it does not have."""
        with self._lock:
            if not values.keys() <= self._fields.keys():
                self._fields = self._load_fields(subject_type)
            return [self._custom_field(name, value) for name, value in values.items()]

    def custom_field_names(self, subject_type: str) -> Mapping[str, Row]:
        """The custom fields of a kind of record, by name."""
        return {name: row for name, (row, _) in self._load_fields(subject_type).items()}

    def _load_people(self) -> None:
        rows = self._kantata.rows("users", on_my_account="true")
        self._people = {str(row["id"]): str(row.get("email_address") or "").strip().lower() for row in rows}

    def _load_fields(self, subject_type: str) -> Mapping[str, tuple[Row, Mapping[str, int]]]:
        return {
            str(row.get("name")): (row, _choices(row, page))
            for page in self._kantata.pages("custom_fields", subject_type=subject_type, include="choices")
            for row in page.rows
        }

    def _custom_field(self, name: str, value: Any) -> Row:
        if name not in self._fields:
            message = f"Kantata has no custom field '{name}', or the integration user may not see it"
            raise self._unknown(name, name, message, "integration", "schema_drift")
        row, choices = self._fields[name]
        if row.get("value_type") in ("single", "multi") and value is not None:
            labels = [value] if isinstance(value, str) else value
            missing = [str(label) for label in labels if label not in choices]
            if missing:
                message = f"the custom field '{name}' of Kantata has no choice '{missing[0]}'"
                raise self._unknown(name, missing[0], message, "integration", "mapping")
            value = [choices[label] for label in labels]
        return {"custom_field_id": int(row["id"]), "value": value}

    def _unknown(self, field: str, key: str, message: str, owner: str, kind: ExceptionKind = "master_data") -> Rejected:
        return Rejected(self._kantata.connection, message, kind=kind, field=field, key=key, owner=owner)


def _choices(field: Row, page: Page) -> Mapping[str, int]:
    choices = page.linked(field, "choice_ids", "custom_field_choices")
    return {str(one.get("label")): int(one["id"]) for one in choices if is_id(str(one.get("id")))}
