"""Transforms of codes and references: value tables, countries, vendor references, and the run's links."""

from collections.abc import Callable
from typing import ClassVar, Literal

from pydantic import Field

from tieline.mapping.problems import RefusalError, shortened
from tieline.mapping.transforms.base import Codec, Surroundings, Transform, text_of, whole

Form = Literal["text", "number"]


class Code(Transform):
    """A code of ours and the vendor's code for it, by a value table; a code that is not in the table is a problem.

    `from_label` and `to_label` name the two sides in messages (else the table's own `# ours:` and `# theirs:` lines):
    "Kantata role 'Sr. Architect' has no service item in NetSuite". `as = "number"` for vendors with numeric codes.
    """

    table: str
    from_label: str | None = None
    to_label: str | None = None
    form: Form = Field(default="text", alias="as")

    @property
    def table_name(self) -> str:
        """The table looked into."""
        return self.table

    def codec(self, surroundings: Surroundings) -> Codec:
        """Raises ValueError when the table is read and one vendor code stands for several of ours."""
        table = surroundings.table(self.table)
        if surroundings.reads and table.ambiguous:
            clashes = "; ".join(f"{defect.file.name}:{defect.line} {defect.message}" for defect in table.ambiguous)
            raise ValueError(
                f"the value table '{self.table}' is also read, and {clashes} (or set direction = \"write\")"
            )
        ours_label = self.from_label or table.ours_label or surroundings.field_words
        theirs_label = (
            self.to_label or table.theirs_label or f"code for {surroundings.vendor} in the value table '{self.table}'"
        )
        convert = whole if self.form == "number" else _same
        theirs_of = {ours: convert(theirs) for ours, theirs in table.theirs_of.items()}
        ours_of = table.ours_of

        def write(value: object) -> object:
            code = theirs_of.get(value) if isinstance(value, str) else None
            if code is None:
                raise RefusalError(f"{_capital(ours_label)} '{shortened(value)}' has no {theirs_label}", whole=True)
            return code

        def read(value: object) -> object:
            code = ours_of.get(value if isinstance(value, str) else text_of(value))
            if code is None:
                raise RefusalError(
                    f"{_capital(theirs_label)} '{shortened(value)}' stands for no {ours_label}", whole=True
                )
            return code

        return Codec(write, read)


class Country(Transform):
    """An ISO 3166-1 alpha-2 code, upper case; with `table` the vendor's names for countries (`DE,Germany`).

    With a table, the ISO code itself and other letter case are read too, since people type both.
    """

    table: str | None = None

    @property
    def table_name(self) -> str | None:
        """The table looked into."""
        return self.table

    def codec(self, surroundings: Surroundings) -> Codec:
        """Without a table both directions only check the form."""
        if self.table is None:
            return Codec(_iso_country, _iso_country)
        table = surroundings.table(self.table)
        names = table.theirs_of
        codes = {name.casefold(): code for name, code in table.ours_of.items()} | {
            code.casefold(): code for code in names
        }

        def write(value: object) -> object:
            name = names.get(str(_iso_country(value)))
            if name is None:
                raise RefusalError(f"is a country without a name in the value table '{self.table}'")
            return name

        def read(value: object) -> object:
            text = text_of(value).strip()
            if not text:
                return None
            code = codes.get(text.casefold())
            if code is None:
                raise RefusalError(f"is no country of the value table '{self.table}'")
            return code

        return Codec(write, read)


class Reference(Transform):
    """A vendor's id as the vendor wraps it: `{"id": "5"}`; `key` names the member, `as = "number"` for numeric ids."""

    key: str = Field(default="id", min_length=1)
    form: Form = Field(default="text", alias="as")

    def codec(self, surroundings: Surroundings) -> Codec:
        """A bare id is read as well."""
        key, identifier = self.key, _identifier(self.form)

        def write(value: object) -> object:
            text = text_of(value).strip()
            return {key: identifier(text)} if text else None

        def read(value: object) -> object:
            bare = value.get(key) if isinstance(value, dict) else value
            return None if bare is None else text_of(bare).strip() or None

        return Codec(write, read)


class Link(Transform):
    """The vendor's id of a record the run ensured before, by the link's name (`canonical = "customer"`): write only."""

    write_only: ClassVar[bool] = True
    form: Form = Field(default="text", alias="as")

    def codec(self, surroundings: Surroundings) -> Codec:
        """The value comes from the run's links, not from the record."""
        identifier = _identifier(self.form)
        return Codec(lambda value: identifier(text_of(value)), _same)


def _identifier(form: Form) -> Callable[[object], object]:
    return whole if form == "number" else str


def _iso_country(value: object) -> object:
    text = text_of(value).strip().upper()
    if not text:
        return None
    if len(text) != 2 or not text.isascii() or not text.isalpha():
        raise RefusalError("is no two-letter country code such as DE")
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _same(value: object) -> object:
    return value
