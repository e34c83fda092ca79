"""Money of contracts is nowhere lost: whatever happened, the parts of the position add up to their value."""

from decimal import Decimal
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.insights.firm import CLAIMS, GRID, SETTING, SmallFirm
from tieline.insights.definition import definitions
from tieline.insights.figure import Figure, Scope, read_figures
from tieline.store.canonical import read_project
from tieline.store.database import Connection, Database

VALUES = {"USD": Decimal("100000.00"), "EUR": Decimal("20000.00")}
LINES = st.lists(
    st.tuples(
        st.sampled_from([GRID, CLAIMS]),
        st.decimals(min_value=1, max_value=90000, places=2),
        st.sampled_from(["checked", "held", "in_exception", "written_off", "void"]),
        st.sampled_from(["on an invoice", "on a draft", "nowhere"]),
    ),
    max_size=6,
)
INVOICE = st.tuples(
    st.sampled_from(["open", "partly_paid", "paid", "void", "draft"]),
    st.decimals(min_value=0, max_value=1, places=2),  # of it is paid
    st.sampled_from(["1", "1.19", "1.077"]),  # with tax
)
NUMBERS = count()


def figures(db: Connection, name: str) -> list[Figure]:
    return read_figures(db, definitions()[name], Scope(), SETTING, "part" if name == "contract-position" else None)


@settings(max_examples=examples(15))
@given(lines=LINES, invoice=INVOICE)
def test_the_parts_add_up_to_the_value_of_the_contracts(
    books: Database, lines: list[tuple[str, Decimal, str, str]], invoice: tuple[str, Decimal, str]
) -> None:
    firm = SmallFirm(books)
    firm.count = next(NUMBERS) * 100
    with books.connection() as db, db.transaction(force_rollback=True):
        for engagement in (GRID, CLAIMS):
            project = read_project(db, f"prj_{engagement}")
            assert project is not None
            mine = [
                (firm.line(db, project, "2026-10-01", 60, f"{amount}", state=state), amount, place)
                for owner, amount, state, place in lines
                if owner == engagement
            ]
            for place, (status, paid, tax) in (("on an invoice", invoice), ("on a draft", ("draft", Decimal(0), "1"))):
                held = [(line, amount) for line, amount, where in mine if where == place]
                net = sum((amount for _, amount in held), Decimal(0))
                total = (net * Decimal(tax)).quantize(Decimal("0.01"))
                firm.bill(
                    db, project, f"X-{place}-{next(NUMBERS)}", [line for line, _ in held], f"{net}", status,
                    "2026-10-31", "2026-11-01", "2026-11-02", total=f"{total}",
                    paid=f"{(total * paid).quantize(Decimal('0.01'))}",
                )  # fmt: skip
        parts, backlog = figures(db, "contract-position"), figures(db, "backlog")
    for currency, value in VALUES.items():
        mine_now = {one.key: one.numerator for one in parts if one.currency == currency}
        assert sum(mine_now.values()) == value
        (left,) = [one.numerator for one in backlog if one.currency == currency]
        assert left == mine_now["on drafts"] + mine_now["unbilled work"] + mine_now["still to be delivered"]
