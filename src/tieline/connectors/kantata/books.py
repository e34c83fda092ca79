"""What Kantata's own lists say: projects with our reference, and approved time and expenses that exist now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tieline.connectors.kantata.lines import LineFeed
from tieline.connectors.kantata.records import Account
from tieline.connectors.kantata.sweep import Position
from tieline.model.money import digits
from tieline.sdk.books import Days, Fact, Held, Listed
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import LinePage

BETWEEN = {"time": "date_performed_between", "expense": "date_between"}


@dataclass(frozen=True, slots=True)
class KantataBooks:
    """The books of one account (`sdk.books.SourceBooks`)."""

    account: Account
    feeds: Mapping[str, LineFeed]
    zeroes_reversed: bool = False
    whole_amounts: bool = True

    @property
    def shows(self) -> Mapping[Listed, frozenset[Fact]]:
        """Projects with their price; time is the source's and listed as lines."""
        return {"project": frozenset({"amount"})}

    def list_held(self, record: Listed, days: Days | None = None) -> Iterator[Held]:
        """All projects that carry a reference of ours, archived ones included."""
        if record != "project":
            return
        account = self.account
        for page in account.kantata.pages("workspaces", include="external_references", order="created_at:asc"):
            for row in page.rows:
                subject = account.references.subject_of(row, page, "project")
                if subject is None:
                    continue
                price, currency = row.get("price_in_cents"), row.get("currency")
                if not isinstance(currency, str) or (price is not None and type(price) is not int):
                    message = f"project {row['id']} came without its price or currency: may we see them?"
                    raise Rejected(account.connection, message, kind="schema_drift", field="project")
                amount = None if price is None else Decimal(price).scaleb(-digits(currency))
                yield Held(
                    external_id=str(row["id"]),
                    reference=subject,
                    project=str(row["id"]),
                    amount=amount,
                    currency=currency,
                    label=str(row.get("title") or ""),
                )

    def find_held(self, record: Listed, references: Sequence[str]) -> Iterator[Held]:
        """Those of the list: it has no days to fall out of."""
        wanted = set(references)
        return (held for held in self.list_held(record) if held.reference in wanted)

    def list_approved(self, kind: Literal["time", "expense"], days: Days | None = None) -> Iterator[LinePage]:
        """Approved lines, oldest first. A gap would pass for a line that is gone: the sweep leaves none."""
        feed, params = self.feeds[kind], {"approved": "true"}
        if days is not None:
            params[BETWEEN[kind]] = f"{days.first.isoformat()}:{days.last.isoformat()}"
        sweep, place, ended = feed._sweep("created_at", params), Position(), False
        while not ended:
            turn = sweep.read(place)
            place, ended = turn.position, turn.ended
            # The filter also lets lines of projects without approvals pass, which count as approved by nobody.
            rows = [row for row in turn.page.rows if row.get("approved") is True]
            yield LinePage(feed._lines(rows, turn.page), turn.page.body, "", more=not ended)
