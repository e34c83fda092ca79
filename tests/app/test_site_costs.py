"""costs.csv: what hours cost from which day on, and no mistake in it tells an amount."""

from datetime import date

import pytest

from tests.app.conftest import Folder
from tieline.app.site import SiteError, load_site

HEADER = "email,role,legal_entity,cost_rate,valid_from\n"
LENA, TOM = "lena.brandt@haldenmarsh.example", "tom.okafor@haldenmarsh.example"
PEOPLE = f"email,name,role,legal_entity,cost_rate\n{LENA},Lena,Consultant,DE,88\n{TOM},Tom,Consultant,US,\n"


@pytest.fixture
def people(folder: Folder) -> Folder:
    """Lena costs something, Tom by his role only."""
    (folder.path / "people.csv").write_text(PEOPLE)
    return folder


def test_own_rates_count_from_their_day_and_those_of_a_role_for_who_has_none(people: Folder) -> None:
    rows = f"{LENA},,,95.50,2026-07-01\n,Consultant,,60,2026-01-01\n,Consultant,US,65,2026-02-01\n"
    (people.path / "costs.csv").write_text(HEADER + rows)
    firm = load_site(people.path).firm

    def cost(person: str, *day: int) -> str:
        return str(firm.cost_rate(person, date(*day)))

    assert [cost(LENA, 2026, 6, 30), cost(LENA, 2026, 7, 1)] == ["EUR 88.00", "EUR 95.50"]
    assert [cost(TOM, 2026, 1, 31), cost(TOM, 2026, 2, 1)] == ["None", "USD 65.00"], "a row of his entity stands before"
    assert str(firm.cost_rate(LENA)) == "EUR 95.50", "the newest where no day is meant"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (",,,77.77,2026-01-01", "give an email or a role, not both"),
        (f"{LENA},Consultant,,77.77,2026-01-01", "give an email or a role, not both"),
        (f"{LENA},,DE,77.77,2026-01-01", "a person has one already"),
        ("nobody@x.example,,,77.77,2026-01-01", "is nobody of people.csv"),
        (",Pilot,,77.77,2026-01-01", "nobody of people.csv has the role 'Pilot'"),
        (",Consultant,FR,77.77,2026-01-01", "is not one of the site's"),
        (f"{LENA},,,77.77.7,2026-01-01", "cost_rate: this is no amount per hour"),
        (f"{LENA},,,77.77,soon", "is no date"),
    ],
)
def test_a_mistake_is_told_without_what_anybody_costs(people: Folder, row: str, told: str) -> None:
    (people.path / "costs.csv").write_text(f"{HEADER}{row}\n")
    with pytest.raises(SiteError, match=told) as refused:
        load_site(people.path)
    assert "77" not in str(refused.value)
