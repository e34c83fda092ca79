"""The base of all canonical records: frozen, strict, and each field declares its owner and its class."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Owner = Literal["crm", "psa", "erp", "hcm", "tieline"]
FieldClass = Literal["C1", "C2", "C3", "C4", "C5"]
"""C1 operational, C2 commercial, C3 restricted finance (cost, margin), C4 payroll and personal, C5 secret."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Who may decide a field's value, and how confidential it is; `Annotated[str, Owned("crm")]`.

    A system is never sent a field it owns, which ends circular updates.
    """

    owner: Owner
    field_class: FieldClass = "C1"


class Record(BaseModel):
    """A canonical record. Stored as JSON together with `schema_version`, which rises when its meaning changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: ClassVar[int] = 1

    id: str

    @property
    def subject(self) -> str:
        """What identifies this record in one target system; mostly its id."""
        return self.id

    @classmethod
    def owner_of(cls, field: str) -> Owned:
        """Owner and class of a field; a field without a mark belongs to Tieline and is operational."""
        marks = [mark for mark in cls.model_fields[field].metadata if isinstance(mark, Owned)]
        return marks[0] if marks else Owned("tieline")
