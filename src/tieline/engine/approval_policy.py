"""Who may decide an approval: rules of the site by subject, legal entity and money, several persons, and deputies."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is known of a question when somebody decides it; `amount` is in `currency`."""

    label: str
    legal_entity: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    proposed_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class ApprovalRule:
    """`[[approval]]` of the site, its teams and patterns resolved."""

    what: str
    """Pattern of the question: `Non-standard terms`, `*`."""
    legal_entities: tuple[str, ...] | None = None
    above: Decimal = Decimal(0)
    currency: str | None = None
    approvers: tuple[str, ...] = ()
    """E-mails, in small letters; empty: anybody."""
    people: int = 1
    """How many different persons must approve."""
    remind_after: timedelta = timedelta(hours=24)
    expires_after: timedelta | None = None

    def fits(self, asked: Asked) -> bool:
        """Whether the rule counts. Of an amount that is unknown or in another currency the stricter rule counts."""
        if not fnmatchcase(asked.label, self.what):
            return False
        if self.legal_entities is not None and asked.legal_entity not in self.legal_entities:
            return False
        if asked.amount is None or self.currency not in (None, asked.currency):
            return True
        return not self.above or abs(asked.amount) > self.above


@dataclass(frozen=True, kw_only=True)
class Deputy:
    """`[[deputy]]`: somebody who decides for another from the first to the last of these days."""

    person: str
    stands_in: str
    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class ApprovalPolicy:
    """All of it. `people`: name -> e-mail, so that a person who gives first the one and then the other is one."""

    rules: tuple[ApprovalRule, ...] = ()
    deputies: tuple[Deputy, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)

    def rule(self, asked: Asked) -> ApprovalRule | None:
        """The rule that counts: of those that fit the one with the highest limit, else nobody restricts it."""
        fitting = [rule for rule in self.rules if rule.fits(asked)]
        return max(fitting, key=lambda rule: rule.above, default=None)

    def person(self, name: str) -> str:
        """One word for a person, whether named by name or e-mail."""
        known = {folded(one): folded(email) for one, email in self.people.items()}
        return known.get(folded(name), folded(name))

    def approvers(self, asked: Asked, day: date) -> tuple[str, ...]:
        """E-mails of those who may decide on a day, deputies included; empty: anybody."""
        rule = self.rule(asked)
        if rule is None:
            return ()
        stand_ins = [d.stands_in for d in self.deputies if d.person in rule.approvers and d.first <= day <= d.last]
        return tuple(dict.fromkeys((*rule.approvers, *map(folded, stand_ins))))

    def refusal(self, asked: Asked, by: str, day: date) -> str | None:
        """Why a person may not decide this, or None."""
        rule, person = self.rule(asked), self.person(by)
        if rule is None:
            return None
        if asked.proposed_by and self.person(asked.proposed_by) == person:
            return f"{by} proposed it; another person decides"
        allowed = self.approvers(asked, day)
        if allowed and person not in allowed:
            return f"{by} may not decide '{asked.label}'{_worth(asked)}; {listed(allowed)} may"
        return None


def folded(name: str) -> str:
    """A name as it is compared: small letters, one blank between words."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def listed(names: Sequence[str], last: str = "or") -> str:
    """`a, b or c`."""
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)


def _worth(asked: Asked) -> str:
    return "" if asked.amount is None else f" of {asked.currency} {asked.amount:,.2f}"
