"""The site's working time, the columns of people.csv it rests on, and the mistakes in them."""

from datetime import date
from decimal import Decimal

import pytest

from tests.app.conftest import Folder
from tieline.app.site import SiteError, load_site

PEOPLE = "email,name,role,legal_entity,cost_rate,practice,skills,hours_per_week,joined,left\n"


def test_people_bring_practice_skills_hours_and_dates(folder: Folder) -> None:
    row = "Ana@x.example,Ana,Consultant,DE,70,Data,SQL; Python,30,2026-02-01,\n"
    (folder.path / "people.csv").write_text(PEOPLE + row)
    folder.append('\n[[working_time.target]]\nshare = 0.8\nrole = "Consultant"\n')
    (ana,) = load_site(folder.path).firm.people
    assert (ana.id, ana.practice, ana.skills) == ("ana@x.example", "Data", ("SQL", "Python"))
    assert (ana.hours_per_week, ana.joined, ana.left) == (Decimal(30), date(2026, 2, 1), None)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("0,,", "hours_per_week: 0 is no number of hours a week"),
        ("200,,", "hours_per_week: 200 is no number"),
        (",2026-02-30,", "is no date"),
        (",2026-02-02,2026-02-01", "left: 2026-02-01 lies before joined"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_told(folder: Folder, cells: str, told: str) -> None:
    (folder.path / "people.csv").write_text(f"{PEOPLE}ana@x.example,Ana,Consultant,DE,70,,,{cells}\n")
    with pytest.raises(SiteError, match=told):
        load_site(folder.path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[working_time]\nhours = [8, 8, 8, 8, 8]", "at least 7"),
        ("[working_time]\nhours = [25, 8, 8, 8, 8, 0, 0]", "less than or equal to 24"),
        ('[[working_time.calendar]]\ncountry = "Germany"', "nobody knows the public holidays of 'Germany'"),
        ('[[working_time.calendar]]\nlegal_entity = "DE"\nsubdivision = "ZZ"', "'ZZ' is no part of DE"),
        ('[[working_time.calendar]]\nlocation = "Munich"\nsubdivision = "BY"', "needs a country beside it"),
        ('[[working_time.day]]\nday = 2026-12-24\nlegal_entity = "FR"', "'FR' is no legal entity of the site"),
        ('[[working_time.target]]\nshare = 80\nrole = "Consultant"', "less than or equal to 1"),
        ('[[working_time.target]]\nshare = 0.8\nrole = "Pilot"', "nobody of people.csv has the role 'Pilot'"),
        ('[[missing_time.cut_off]]\ntimezone = "Berlin"', "is no time zone such as Europe/Berlin"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_told(folder: Folder, text: str, told: str) -> None:
    folder.append(f"\n{text}\n")
    with pytest.raises(SiteError, match=told):
        load_site(folder.path)
