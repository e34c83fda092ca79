"""Micro-benchmark: microseconds a record for the sample of twenty fields, each way.

Run `.venv/bin/python -m tests.mapping.bench_mapping`.
"""

import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import process_time

from tieline.mapping import Mapping, ValueTables, load_mapping

SAMPLE = Path(__file__).parent / "samples" / "sample"
RECORD: dict[str, object] = {
    "id": "ptx_3f0c8d1e",
    "connection": "kantata",
    "kind": "time",
    "source_id": "998877",
    "source_version": 1_777_620_337_000_000,
    "sign": 1,
    "legal_entity": "US",
    "project_id": "4711",
    "person": "priya.raman@haldenmarsh.example",
    "task_ref": "815",
    "role": "Consultant",
    "work_date": date(2026, 5, 31),
    "quantity": Decimal("7.5000"),
    "unit": "hour",
    "currency": "USD",
    "rate": Decimal(165),
    "amount": Decimal("1237.50"),
    "cost_rate": Decimal("70.00"),
    "disposition": "billable",
    "note": "Data model review with the customer",
}


def sample() -> Mapping:
    """The mapping that is measured."""
    tables = ValueTables([SAMPLE / "values"])
    return load_mapping(SAMPLE / "mappings" / "project_transaction.toml", overrides=None, tables=tables)


def microseconds(call: Callable[[], object], rounds: int = 20_000) -> float:
    """CPU time of one call: the best of five rounds."""
    best = float("inf")
    for _ in range(5):
        start = process_time()
        for _ in range(rounds):
            call()
        best = min(best, process_time() - start)
    return best / rounds * 1e6


def main() -> None:
    """Prints both directions."""
    mapping = sample()
    vendor = mapping.write(RECORD)
    write, read = microseconds(lambda: mapping.write(RECORD)), microseconds(lambda: mapping.read(vendor))
    sys.stdout.write(f"{len(mapping.fields)} fields: write {write:.1f} us a record, read {read:.1f} us a record\n")


if __name__ == "__main__":
    main()
