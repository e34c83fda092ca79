"""The fix of a missing code: one more row in a value table of the site, as a consultant would type it."""

import csv
import io
import threading
from pathlib import Path

from tieline.exception_queue.actions import NoSuchException, NotPossible, record
from tieline.mapping.problems import MappingFileError
from tieline.mapping.value_tables import ValueTable, ValueTables
from tieline.store.database import Database

LONGEST_CODE = 200
_writing = threading.Lock()


def add_code(database: Database, exception_id: int, folders: list[Path], theirs: str, by: str) -> Path:
    """Pair the code an exception misses with the vendor's code `theirs`; returns the file it was written to.

    `folders` hold the connection's value tables, the site's first: the row goes there. Whoever watches the site then
    reads the table anew and looks at what waits. Raises NoSuchException or NotPossible.
    """
    with database.connection() as db:
        item = db.execute(
            "select kind, connection, field, key from exception_item where id = %s and closed_at is null",
            [exception_id],
        ).fetchone()
    if item is None:
        raise NoSuchException(f"There is no open exception {exception_id}; list them with: tieline exceptions")
    table = table_of(item["kind"], item["field"], item["key"], folders)
    if table is None:
        raise NotPossible("this exception is not about a missing code; mend its cause, then retry it")
    file = folders[0] / f"{table.name}.csv"
    with _writing:
        append_row(file, folders, table.name, item["key"], theirs)
        with database.transaction() as db:
            code, where = f"{item['key']} = {theirs}", f"{item['connection']}/{table.name}"
            record(db, "exception.fixed", exception_id, by, code=code, table=where)
    return file


def table_of(kind: str, field: str | None, key: str | None, folders: list[Path]) -> ValueTable | None:
    """The value table an exception names, when a new row in it can mend the exception."""
    if kind != "mapping" or not field or not key or key.endswith("…"):
        return None
    try:
        return ValueTables(folders).table(field)
    except (KeyError, MappingFileError):
        return None


def append_row(file: Path, folders: list[Path], table: str, ours: str, theirs: str) -> None:
    """Add a row, keeping what stands there; nothing is changed when the table would not be readable afterwards."""
    for code in (ours, theirs):
        _check(code)
    known = ValueTables(folders).table(table).theirs_of.get(ours)
    if known == theirs:
        return  # somebody was faster
    if known is not None:
        raise NotPossible(f"'{ours}' has the code '{known}' already; change its row in the value table '{table}'")
    before = file.read_bytes() if file.is_file() else None
    _replace(file, _with_row(before or b"ours,theirs\n", ours, theirs))
    try:
        ValueTables(folders).table(table)
    except MappingFileError as error:
        _restore(file, before)
        raise NotPossible(f"the row would make the value table unreadable: {error}") from error


def _with_row(before: bytes, ours: str, theirs: str) -> bytes:
    text = before.decode("utf-8-sig")
    mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
    header = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "ours,theirs")
    delimiter = ";" if ";" in header and "," not in header else ","
    columns = [cell.strip().lower() for cell in header.split(delimiter)]
    row = io.StringIO()
    csv.writer(row, delimiter=delimiter, lineterminator="\n").writerow(
        [{"ours": ours, "theirs": theirs}.get(column, "") for column in columns]
    )
    return mark + (text if text.endswith("\n") else text + "\n").encode() + row.getvalue().encode()


def _check(code: str) -> None:
    """A code a table, and the spreadsheet it is opened with, take as it stands."""
    if not code or code != code.strip() or len(code) > LONGEST_CODE:
        raise NotPossible(f"a code has 1 to {LONGEST_CODE} characters and no space around it")
    if any(not letter.isprintable() for letter in code):
        raise NotPossible("a code has no line breaks or control characters")
    if code[0] in "#=@+" or (code[0] == "-" and not code[1:].isdigit()):
        raise NotPossible(
            f"a code cannot begin with '{code[0]}' here: a spreadsheet would run it; edit the file by hand"
        )


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.write_bytes(content)
    beside.replace(file)


def _restore(file: Path, before: bytes | None) -> None:
    if before is None:
        file.unlink()
    else:
        file.write_bytes(before)
