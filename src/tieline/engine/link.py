"""Links: what `ensure` returns, the vendor's id or the reason why it is not known yet."""

from dataclasses import dataclass
from typing import Literal

LinkState = Literal["known", "unknown", "not_needed", "shadow"]


@dataclass(frozen=True, slots=True)
class Link:
    """The vendor's id of an ensured record; unknown makes what depends on it wait, `not_needed` blocks nothing.

    `shadow`: it would have been sent, so its id is made up; it blocks nothing and is never sent to a system.
    """

    label: str
    state: LinkState
    external_id: str | None = None

    @property
    def known(self) -> bool:
        """Whether the vendor's id is there."""
        return self.state == "known"

    @property
    def blocks(self) -> bool:
        """Whether what depends on this link must wait."""
        return self.state == "unknown"


NOT_NEEDED = Link("", "not_needed")
SHADOW_ID = "0"
"""Stands in what would be sent for an id that is not there yet; fits vendors with numbers and with words."""
