"""What must be right in `[[intercompany]]` beyond the form: entities and currencies."""

from collections.abc import Iterator, Sequence

from tieline.model.firm import LegalEntity
from tieline.model.intercompany import ANY, TransferRule
from tieline.model.money import CURRENCIES

Where = tuple[int | str, ...]


def intercompany_checks(rules: Sequence[TransferRule], entities: Sequence[LegalEntity]) -> Iterator[tuple[Where, str]]:
    """A rule of an entity the site does not have would never fit, and its hours would have no price."""
    codes = [entity.id for entity in entities]
    for number, rule in enumerate(rules):
        for name in ("deliverer", "seller"):
            code = getattr(rule, name)
            if code not in (ANY, *codes):
                words = f"'{code}' is no legal entity of the site; there are {', '.join(codes)}"
                yield ("intercompany", number, name), words
        if rule.currency is not None and rule.currency not in CURRENCIES:
            yield ("intercompany", number, "currency"), f"'{rule.currency}' is no ISO 4217 currency code such as USD"
