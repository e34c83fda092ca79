"""Transforms of words: text, email, lists of texts, yes and no, and values passed on as they are."""

import re
from typing import ClassVar

from pydantic import Field

from tieline.mapping.problems import RefusalError
from tieline.mapping.transforms.base import Codec, Surroundings, Transform, text_of

Word = bool | str | int
LONGEST_TEXT = 1_000_000
MOST_ITEMS = 10_000
_EMAIL = re.compile(r"[^\s@<>(),;:\"]{1,64}@[^\s@<>(),;:\"]{1,190}")


class Text(Transform):
    """Text as it is, trimmed; empty text is no value. Too long a text is a problem, unless `cut = true`."""

    trim: bool = True
    max_length: int | None = Field(default=None, ge=1)
    cut: bool = False

    def codec(self, surroundings: Surroundings) -> Codec:
        """Raises ValueError for `cut` without `max_length`."""
        trim, limit, cut = self.trim, self.max_length, self.cut
        if cut and limit is None:
            raise ValueError("cut = true needs max_length")

        def read(value: object) -> object:
            text = value if type(value) is str and value.isprintable() else text_of(value)
            if len(text) > LONGEST_TEXT:
                raise RefusalError(f"is longer than {LONGEST_TEXT} characters ({len(text)})")
            return (text.strip() if trim else text) or None

        def write(value: object) -> object:
            text = read(value)
            if not isinstance(text, str) or limit is None or len(text) <= limit:
                return text
            if not cut:
                raise RefusalError(f"is {len(text)} characters long, and {surroundings.vendor} holds {limit}")
            return text[:limit].rstrip() if trim else text[:limit]

        return Codec(read if limit is None else write, read)


class Email(Transform):
    """One e-mail address, trimmed, letters as they are."""

    max_length: int = Field(default=254, ge=6)

    def codec(self, surroundings: Surroundings) -> Codec:
        """Both directions check the form `name@domain`."""
        limit = self.max_length

        def convert(value: object) -> object:
            text = text_of(value).strip()
            if not text:
                return None
            if len(text) > limit or not _EMAIL.fullmatch(text):
                raise RefusalError("is not one e-mail address")
            return text

        return Codec(convert, convert)


class ListOfText(Transform):
    """Several texts: a JSON list, or one text with a `separator` (Salesforce multi-select: `;`)."""

    canonical_types: ClassVar[tuple[type, ...]] = (tuple, list)
    separator: str | None = Field(default=None, min_length=1, max_length=5)

    def codec(self, surroundings: Surroundings) -> Codec:
        """Refuses an item that holds the separator: it would come back as two."""
        separator = self.separator

        def write(value: object) -> object:
            items = _items(value)
            if separator is None:
                return items
            if any(separator in item for item in items):
                raise RefusalError(
                    f"has an item with '{separator}' inside, which separates items in {surroundings.vendor}"
                )
            return separator.join(items)

        def read(value: object) -> object:
            if separator is not None:
                value = [part for part in text_of(value).split(separator) if part.strip()]
            return tuple(_items(value))

        return Codec(write, read)


def _items(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) > MOST_ITEMS:
        raise RefusalError(f"is not a list of at most {MOST_ITEMS} texts")
    items = [text_of(item).strip() for item in value]
    if "" in items:
        raise RefusalError("has an empty item")
    return items


class Boolean(Transform):
    """Yes or no: JSON true and false, or the vendor's words (`true = "T"`, `false = "F"`; a list if several are read).

    With words, JSON true and false are read as well (NetSuite: records use JSON, SuiteQL uses T and F).
    `otherwise = true|false` is what every other value means on reading (a stage is won, or it is not): read only.
    """

    canonical_types: ClassVar[tuple[type, ...]] = (bool,)
    true: Word | list[str] = True
    false: Word | list[str] | None = None
    otherwise: bool | None = None

    def codec(self, surroundings: Surroundings) -> Codec:
        """Raises ValueError when the words overlap, or when there is no word to write."""
        yes = _listed(self.true)
        no = _listed(False if self.false is None and self.true is True else self.false)
        if surroundings.writes and not (yes and no):
            raise ValueError('needs a word for true and one for false to write; or set direction = "read"')
        if surroundings.reads and not no and self.otherwise is None:
            raise ValueError("needs a word for false, or otherwise = false")
        meaning = {(type(word), word): True for word in yes}
        if any((type(word), word) in meaning for word in no):
            raise ValueError("the same word means true and false")
        meaning |= {(type(word), word): False for word in no}
        meaning = {(bool, True): True, (bool, False): False} | meaning
        otherwise = self.otherwise

        def write(value: object) -> object:
            if value is True:
                return yes[0]
            if value is False:
                return no[0]
            raise RefusalError("is neither true nor false")

        def read(value: object) -> object:
            answer = meaning.get((type(value), value), otherwise) if isinstance(value, bool | str | int) else None
            if answer is None:
                raise RefusalError("is neither true nor false in the words of the mapping")
            return answer

        return Codec(write, read)


def _listed(words: Word | list[str] | None) -> list[Word]:
    return list(words) if isinstance(words, list) else [] if words is None else [words]


class Json(Transform):
    """The value as it is, both ways: for records, lists and values the vendor gives no meaning."""

    canonical_types: ClassVar[tuple[type, ...]] = (object,)

    def codec(self, surroundings: Surroundings) -> Codec:
        """Nothing is checked or copied."""
        return Codec(_same, _same)


def _same(value: object) -> object:
    return value
