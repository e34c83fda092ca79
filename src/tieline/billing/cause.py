"""Why a line cannot be priced, in words for whoever must mend it."""

from dataclasses import dataclass
from typing import Literal

CauseKind = Literal["master_data", "missing_field", "business_rule", "mapping", "unlinked", "poison"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason; lines with the same (kind, connection, field, key, legal_entity) wait together."""

    kind: CauseKind
    field: str
    key: str
    message: str
    owner: str
    suggestion: str | None = None
    connection: str | None = None
    legal_entity: str | None = None
