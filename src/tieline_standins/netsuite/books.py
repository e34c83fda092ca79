"""Creates, changes and deletes records under the account's rules; what is refused changes nothing."""

from collections import defaultdict
from collections.abc import Iterator, Set
from decimal import Decimal

from tieline_standins.core.clock import Clock
from tieline_standins.core.http import Json
from tieline_standins.netsuite.drafting import Strictness, lay_over
from tieline_standins.netsuite.errors import invalid_value, user_error
from tieline_standins.netsuite.rules import rules_of
from tieline_standins.netsuite.schema import Schema, label_of
from tieline_standins.netsuite.settings import Settings
from tieline_standins.netsuite.store import Record, Store, Values, stamp
from tieline_standins.netsuite.values import Parser


class Books:
    """The account: its schema, settings and records, and the sums that are kept up while records change."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.schema = Schema()
        self.settings = Settings()
        self.store = Store(self.schema)
        self.parser = Parser(self.store, self.settings)
        self.applied: defaultdict[int, dict[int, Decimal]] = defaultdict(dict)  # invoice -> payment or credit -> amount
        self.minutes: defaultdict[tuple[str, int], int] = defaultdict(int)  # (group, project or task) -> time worked
        # order -> invoice -> the lines of the order it bills: number, quantity, amount
        self.billed: defaultdict[int, dict[int, list[tuple[int, Decimal, Decimal]]]] = defaultdict(dict)
        self.by_entity: defaultdict[int, dict[int, None]] = defaultdict(dict)  # customer -> its transactions
        self.numbers: defaultdict[str, int] = defaultdict(int)
        self.names: dict[tuple[str, str], int] = {}  # (type, entityId) -> id
        self.months: dict[str, Record] = {}  # 2026-11 -> accounting period
        self.nexuses: dict[str, Record] = {}  # country -> nexus
        self.tax_codes: dict[str, Record] = {}  # country -> the tax code used when none is given

    def now(self) -> str:
        return stamp(self.clock.now())

    def today(self) -> str:
        return self.clock.now().date().isoformat()

    def next_number(self, row: str) -> int:
        self.numbers[row] += 1
        return self.numbers[row]

    def create(self, type_name: str, body: Json, strictness: Strictness, external_id: str | None = None) -> Record:
        """Raises RefusalError."""
        draft = Record(self.schema.records[type_name], 0)
        draft.external_id = self._external_id(draft, external_id, body)
        lay_over(draft, body, self.parser, strictness, frozenset())
        return self.insert(draft)

    def insert(self, draft: Record) -> Record:
        """Complete, check and keep a new record. Raises RefusalError."""
        self._require(draft)
        rules = rules_of(draft.type.name)
        rules.complete(self, draft, None)
        draft.id = self.store.new_id(draft.type)
        self._keep(draft, None)
        rules.saved(self, draft, None)
        return draft

    def update(self, record: Record, body: Json, strictness: Strictness, replaced: Set[str] = frozenset()) -> Record:
        """Raises RefusalError."""
        draft = record.copy()
        draft.external_id = self._external_id(draft, record.external_id, body)
        lay_over(draft, body, self.parser, strictness, replaced)
        self._require(draft)
        rules = rules_of(draft.type.name)
        rules.complete(self, draft, record)
        self._keep(draft, record)
        rules.saved(self, draft, record)
        return draft

    def delete(self, record: Record) -> None:
        """Raises RefusalError when something depends on the record."""
        rules_of(record.type.name).removing(self, record)
        self.store.delete(record, self.now())
        self.names.pop((record.type.name, record.values.get("entityId", "").casefold()), None)

    def _keep(self, record: Record, previous: Record | None) -> None:
        """Save, and keep the look-ups by name up."""
        self.store.save(record, self.now())
        name = record.type.name
        if record.type.name_field == "entityId":
            if previous is not None:
                self.names.pop((name, previous.values["entityId"].casefold()), None)
            self.names[name, record.values["entityId"].casefold()] = record.id
        elif name == "accountingPeriod" and not record.values.get("isYear") and not record.values.get("isQuarter"):
            self.months[record.values["startDate"][:7]] = record
        elif name == "nexus":
            self.nexuses[record.values["country"]] = record
        elif name == "salesTaxItem" and record.values.get("isDefault"):
            self.tax_codes[record.values.get("country", "")] = record

    def touch(self, record: Record) -> None:
        """The account itself changed a record (an invoice was paid): its lastModifiedDate moves."""
        self.store.save(record, self.now())

    def shown(self, record: Record) -> Values:
        """The values of a record, with those that are computed when somebody looks."""
        extra = rules_of(record.type.name).shown(self, record)
        return record.values | extra if extra else record.values

    def entity_named(self, type_name: str, name: str) -> int | None:
        """The id of the customer, employee or project that has this entityId."""
        return self.names.get((type_name, name.casefold()))

    def billed_amounts(self, order: int) -> list[Decimal]:
        return [amount for lines in self.billed.get(order, {}).values() for _, _, amount in lines]

    def transactions_of(self, entity: int) -> Iterator[Record]:
        for number in self.by_entity.get(entity, ()):
            record = self.store.find(self.schema.groups["transaction"], number)
            if record is not None:
                yield record

    def _external_id(self, draft: Record, external_id: str | None, body: Json) -> str | None:
        wanted = body.get("externalId", external_id) if isinstance(body, dict) else external_id
        if wanted is None:
            return None
        if not isinstance(wanted, str) or not wanted or len(wanted) > 255:
            raise invalid_value(str(wanted)[:100], "externalId", "externalId")
        other = self.store.by_external_id(draft.type.name, wanted)
        if other is not None and other.id != draft.id:
            raise user_error(self.settings.duplicate_external_id)
        return wanted

    def _require(self, draft: Record) -> None:
        missing = [name for name in self._required(draft) if name not in draft.values and name not in draft.lines]
        for name, sublist in draft.type.sublists.items():
            if sublist.required and name in draft.lines:
                missing += [key for key in sublist.required if any(key not in line for line in draft.lines[name])]
        if missing:
            labels = ", ".join(label_of(name) for name in dict.fromkeys(missing))
            raise user_error(self.settings.missing_value.format(labels=labels), missing[0])

    def _required(self, draft: Record) -> tuple[str, ...] | list[str]:
        names = self.settings.required.get(draft.type.name, draft.type.required)
        if draft.type.name == "customer" and draft.values.get("isPerson"):
            return [*(name for name in names if name != "companyName"), "firstName", "lastName"]
        return names
