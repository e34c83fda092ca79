"""The service catalogue of a site: the example's packages, and each mistake with its file, line and what was meant."""

import pytest

from tests.app.conftest import Folder
from tieline.app.site import load_site

DISCOVERY, DATA = "catalog/discovery.toml", "catalog/data-migration.toml"


def test_the_example_has_a_catalogue_that_the_firm_sells_by_sku(folder: Folder) -> None:
    firm = load_site(folder.path).firm
    versions = [(one.id, one.version) for one in firm.catalog]
    assert versions == [("data-migration", 2), ("discovery", 1), ("managed-run", 1)]
    found = firm.package("ADV-DISCOVERY")
    assert found is not None
    assert str(found.for_region("EMEA").hours_factor) == "1.1", "no float came in between"
    assert firm.package("IMP-BUILD") is None
    assert "IMP-BUILD" in firm.as_quoted


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("contract_type =", "contarct_type =", "there is no setting 'contarct_type'; did you mean 'contract_type'?"),
        ("hours = 12", "hours = -1", "Input should be greater than or equal to 0"),
        ("hours = 12", "hours = { per_units = 2 }", "there is no setting 'per_units'; did you mean 'per_unit'?"),
        ('hours = 12', 'hours = { bands = [{ hours = 1 }, { up_to = 2, hours = 1 }] }', "bands rise by `up_to`"),
        ('role = "Engagement Manager"\nhours = 12', 'role = "Engagment Manager"\nhours = 12',
         "rates.csv has no role 'Engagment Manager'; did you mean 'Engagement Manager'?"),
        ('service_line = "Advisory"', 'service_line = "Advisry"', "the site has no service line 'Advisry'; did you"),
        ("share = 0.7", "share = 0.6", "the shares of the milestones add up to 0.9; they must add up to 1"),
        ('name = "EMEA"', 'name = "EMAE"', "no legal entity is in region 'EMAE'; did you mean 'EMEA'?"),
        ("USD = 24000", "DOL = 24000", "'DOL' is no ISO 4217 currency code"),
        ('method = "per_unit"', 'method = "role_rates"', "the price method role_rates needs no amounts"),
        ('sku = ["ADV-DISCOVERY"]', 'sku = ["IMP-DATA"]', "SKU 'IMP-DATA' is sold by data-migration.toml as well"),
        ('sku = ["ADV-DISCOVERY"]', 'sku = ["IMP-BUILD"]', "SKU 'IMP-BUILD' is in [catalog] as_quoted of"),
        ('id = "discovery"', 'id = "data-migration"', "package 'data-migration' is in data-migration.toml as well"),
        ("version = 1", 'version = 1\ndepends_on = ["data-migratoin"]', "did you mean 'data-migration'?"),
        ("version = 1", 'version = 1\ndepends_on = ["discovery"]', "in a circle: discovery -> discovery"),
        ("version = 1", "version = 0", "Input should be greater than or equal to 1"),
        ('name = "Business case"', 'name = "Discover"', "phase 'Discover' is named twice"),
        ("version = 1", "version = = 1", "Invalid value"),
        ("[price]", "[subscription]\n[price]", "milestone and subscription are two invoice plans"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_package_is_told_with_its_file_and_what_was_meant(
    folder: Folder, old: str, new: str, told: str
) -> None:
    folder.replace(old, new, DISCOVERY)
    (defect,) = folder.defects()
    assert defect.startswith(f"{DISCOVERY}:")
    assert told in defect


def test_a_mistake_in_the_second_task_of_the_second_phase_has_its_own_line(folder: Folder) -> None:
    line = folder.replace("hours = 12", "hours = 1e9", DISCOVERY)
    (defect,) = folder.defects()
    assert defect.startswith(f"{DISCOVERY}:{line}: phase.task.hours")


def test_packages_that_need_each_other_are_a_circle(folder: Folder) -> None:
    folder.replace("version = 1", 'version = 1\ndepends_on = ["data-migration"]', DISCOVERY)
    folder.replace("version = 2", 'version = 2\ndepends_on = ["discovery"]', DATA)
    assert [defect.partition(": ")[2] for defect in folder.defects()] == [
        "depends_on: packages depend on each other in a circle: data-migration -> discovery -> data-migration",
        "depends_on: packages depend on each other in a circle: discovery -> data-migration -> discovery",
    ]


def test_a_site_without_a_catalogue_is_fine(folder: Folder) -> None:
    for file in (folder.path / "catalog").iterdir():
        file.unlink()
    assert load_site(folder.path).firm.catalog == ()
