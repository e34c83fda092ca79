"""The site folder: the example loads, and every mistake in it is told with its file and line."""

import stat
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.app.conftest import Folder
from tieline.app.example import Example, ExampleErp, systems_toml, write_example
from tieline.app.site import SiteError, load_site
from tieline.sdk.errors import Unauthorized


def test_the_example_site_loads_and_is_the_firm_of_the_stand_ins(folder: Folder) -> None:
    site = load_site(folder.path)
    assert site.firm.name == "Halden Marsh"
    assert [entity.id for entity in site.firm.legal_entities] == ["US", "UK", "DE"]
    assert [settings.name for settings in site.connections] == ["salesforce", "kantata", "netsuite"]
    assert [(route.role, route.connection) for route in site.routes] == [
        ("crm", "salesforce"),
        ("psa", "kantata"),
        ("erp", "netsuite"),
    ]
    assert site.firm.standard_rate("Consultant", "EUR") == Decimal(150)
    assert str(site.firm.cost_rate("Lena.Brandt@haldenmarsh.example")) == "EUR 88.00"
    assert len(site.firm.people) == 8


def test_every_new_site_has_a_uid_of_its_own(tmp_path: Path) -> None:
    uids = set()
    for name in ("a", "b"):
        write_example(tmp_path / name, Example())
        uids.add(load_site(tmp_path / name).uid)
    assert len(uids) == 2


def test_an_example_never_overwrites_a_site(folder: Folder) -> None:
    before = folder.toml.read_bytes()
    with pytest.raises(FileExistsError):
        write_example(folder.path, Example())
    assert folder.toml.read_bytes() == before


def test_secrets_are_readable_by_their_owner_only_and_stay_out_of_version_control(folder: Folder) -> None:
    vault = folder.path / "secrets"
    assert stat.S_IMODE(vault.stat().st_mode) == 0o700
    for secret in vault.iterdir():
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert "/secrets/" in (folder.path / ".gitignore").read_text()


def test_two_erps_are_routed_by_legal_entity(tmp_path: Path) -> None:
    erps = (
        ExampleErp(connector="netsuite", url="http://127.0.0.1:1", account="X", legal_entities=("US", "UK")),
        ExampleErp(connector="tryton", url="http://127.0.0.1:2/db", account="db", legal_entities=("DE",), secret="pw"),
    )
    write_example(tmp_path / "site", Example(erps=erps, kantata_url=None))
    site = load_site(tmp_path / "site")
    assert [(r.role, r.connection, r.legal_entity) for r in site.routes] == [
        ("crm", "salesforce", None),
        ("erp", "netsuite", "US"),
        ("erp", "netsuite", "UK"),
        ("erp", "tryton", "DE"),
    ]
    assert "@" not in systems_toml(Example(erps=erps))


def test_a_folder_without_a_site_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"site\.toml:1: there is no site here; make one with: tieline init"):
        load_site(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "Halden Marsh"\n', "", "firm.name: Field required"),
        ("uid = ", "uid2 = ", "firm.uid: Field required"),
        ('country = "GB"', 'contry = "GB"', "legal_entity.country: Field required"),
        ('currency = "GBP"', 'currency = "Pounds"', "'Pounds' is no ISO 4217 currency code such as USD"),
        ('currencies = ["USD"]', 'currencies = ["usd"]', "'usd' is no ISO 4217 currency code such as USD"),
        ('id = "UK"', 'id = "US"', "legal entity 'US' is named twice"),
        ('id = "Advisory"', 'id = "Implementation"', "service line 'Implementation' is named twice"),
        ('billing_cycle = "as_approved"', 'billing_cycle = "weekly"', "Input should be 'monthly' or 'as_approved'"),
        ('name = "kantata"', 'name = "salesforce"', "connection 'salesforce' is named twice"),
        ('name = "kantata"', 'name = "Kantata EU"', "String should match pattern"),
        ('url = "http://127.0.0.1:9102"', 'url = "127.0.0.1:9102"', "is no address such as https://example.com"),
        ('url = "http://127.0.0.1:9102"', "url = 9102", "Input should be a valid string"),
        ("per_second = 2000", "per_second = 0", "Input should be greater than 0"),
        ("reserved_share = 0.2", "reserved_share = 1.0", "Input should be less than 1"),
        ("per_second = 2000", "per_second = inf", "Input should be a finite number"),
        ('role = "psa"', 'role = "pas"', "String should match pattern"),
        (
            'connection = "kantata"',
            'connection = "mavenlink"',
            "route names connection 'mavenlink', which the site does",
        ),
        ('connection = "kantata"', 'connection = "kantata"\nlegal_entity = "FR"', "legal entity 'FR', which the site"),
        ("sweep_seconds = 5.0", "sweep_seconds = 0", "greater than or equal to 0.2"),
        ("sweep_seconds = 5.0", "sweep_seconds = nan", "greater than or equal to 0.2"),
        ("sweep_seconds = 5.0", 'sweep_secs = "5"', "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(folder: Folder, old: str, new: str, told: str) -> None:
    line = folder.replace(old, new)
    defects = folder.defects()
    found = [defect for defect in defects if told in defect]
    assert found, defects
    assert len(defects) <= 2
    place, number, _ = found[0].split(":", 2)
    assert place == "site.toml"
    if not new or "Field required" in told:
        assert 1 <= int(number) <= line, "the header of its table"
    else:
        assert int(number) in (line, line + 1)


def test_renewals_that_no_crm_may_create_are_told_instead_of_never_being_made(folder: Folder) -> None:
    folder.append('[renewal]\ncreates = "task"\n')
    assert [one for one in folder.defects() if 'add follow_ups = ["task"]' in one]
    folder.replace('name = "salesforce"\n', 'name = "salesforce"\noptions = { follow_ups = ["task"] }\n')
    assert load_site(folder.path).firm.renewal.creates == "task"


def test_all_mistakes_are_told_at_once(folder: Folder) -> None:
    folder.replace('connection = "kantata"', 'connection = "x"')
    folder.replace('connection = "salesforce"', 'connection = "y"')
    folder.replace("Consultant,USD,165.00", "Consultant,USD,much", "rates.csv")
    folder.replace(",US,120.00", ",FR,120.00", "people.csv")
    assert len(folder.defects()) == 4


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[firm]\nname = 'x'\nuid = \n", 3),
        ("[firm\n", 1),
        ("a = 1\n\n\nb = [1,\n", 4),
        ("[firm]\n[firm]\n", 2),
        ('name = "never closed', 1),
    ],
)
def test_broken_toml_is_told_with_its_line(folder: Folder, text: str, line: int) -> None:
    folder.toml.write_text(text)
    (defect,) = folder.defects()
    assert defect.startswith(f"site.toml:{line}: "), defect


def test_a_header_with_a_comment_or_a_table_of_its_own_still_has_its_line(folder: Folder) -> None:
    start = folder.append(
        '\n[[connection]] # one more\nname = "more"\nconnector = "kantata"\naccount = "2"\n'
        'url = "https://x.example"\n[connection.limits]\nconcurrent = 3\nburst = 0\n'
    )
    (defect,) = folder.defects()
    assert defect.startswith(f"site.toml:{start + 8}: connection.limits.burst: ")


def test_a_top_level_setting_has_its_line(folder: Folder) -> None:
    folder.replace("[firm]", 'default_mode = "alive"\n[firm]')
    (defect,) = folder.defects()
    assert defect.startswith("site.toml:3: default_mode: Input should be 'off', 'shadow' or 'live'")


@pytest.mark.parametrize(
    "rule", ['connection = "netsuit"', 'legal_entity = "FR"', 'connection = "net*x"', 'legal_entity = "u*"']
)
def test_a_mode_that_would_never_fit_is_told_instead_of_sending_live(folder: Folder, rule: str) -> None:
    start = folder.append(f'\n[[mode]]\nmode = "shadow"\n{rule}\n')
    (defect,) = folder.defects()
    assert defect.startswith(f"site.toml:{start + 3}: mode.")
    assert "fits no" in defect


def test_modes_with_patterns_that_fit_are_taken(folder: Folder) -> None:
    folder.append('\n[[mode]]\nmode = "shadow"\nconnection = "net*"\nlegal_entity = "?E"\n')
    assert load_site(folder.path).modes[0].fits("billing", "netsuite", "DE")


@pytest.mark.parametrize(
    ("file", "row", "told"),
    [
        ("rates.csv", "Wizard,USD,much,2026-01-01,\n", "rate: 'much' is no number"),
        ("rates.csv", "Wizard,USD,NaN,2026-01-01,\n", "rate: NaN is no amount per hour"),
        ("rates.csv", "Wizard,USD,-1,2026-01-01,\n", "rate: -1 is no amount per hour"),
        ("rates.csv", "Wizard,USD,1e400,2026-01-01,\n", "rate: 1e400 is no amount per hour"),
        ("rates.csv", "Wizard,USD,10,01/02/2026,\n", "valid_from: '01/02/2026' is no date such as 2026-01-31"),
        ("rates.csv", "Wizard,USD,10,2026-01-01,soon\n", "valid_to: 'soon' is no date such as 2026-01-31"),
        ("rates.csv", ",USD,10,2026-01-01,\n", "role is empty"),
        ("rates.csv", "Wizard,BUCKS,10,2026-01-01,\n", "currency: 'BUCKS' is no ISO 4217 currency code such as USD"),
        (
            "rates.csv",
            "Wizard,USD,10,2026-02-01,2026-01-01\n",
            "valid_to: 2026-01-01 is not after valid_from; that day no longer counts",
        ),
        ("rates.csv", "Wizard,USD\n", "this row does not have 5 cells"),
        ("rates.csv", "Wizard,USD,10,2026-01-01,,,\n", "this row does not have 5 cells"),
        ("rates.csv", "Consultant,USD,170,2026-01-01,\n", "this row is there twice; remove one"),
        ("rates.csv", '"Wizard,USD,10,2026-01-01,\n', "this is no CSV: unexpected end of data"),
        ("people.csv", "x@y.example\n", "this row does not have 5 cells"),
        ("people.csv", "x@y.example,X,Consultant,FR,1\n", "legal entity 'FR' is not one of the site's"),
        ("people.csv", "x@y.example,X,Consultant,US,1.5.\n", "cost_rate: this is no amount per hour"),
        ("people.csv", ",X,Consultant,US,1\n", "email is empty"),
        ("people.csv", "Tom.Okafor@haldenmarsh.example,T,,US,\n", "this row is there twice; remove one"),
    ],
)
def test_a_wrong_row_is_told_with_its_file_and_line(folder: Folder, file: str, row: str, told: str) -> None:
    line = folder.append("\n\n" + row, file) + 2  # blank lines do not shift the number
    assert folder.defects() == [f"{file}:{line}: {told}"]


def test_a_row_that_spans_lines_is_told_with_the_line_it_ends_on(folder: Folder) -> None:
    line = folder.append('x@y.example,"Two\nlines",,US,\nz@y.example,Z,,US,free\n', "people.csv")
    assert folder.defects() == [f"people.csv:{line + 2}: cost_rate: this is no amount per hour"]


def test_rows_of_one_precedence_that_overlap_are_told_with_both_lines(folder: Folder) -> None:
    folder.replace("valid_to", "valid_to,customer", "rates.csv")
    file = folder.path / "rates.csv"
    header, *rows = file.read_text("utf-8").strip().splitlines()
    more = ["Wizard,USD,10,2026-01-01,2026-07-01,", "Wizard,USD,9,2026-01-01,2026-07-01,cus_1"]
    file.write_text("\n".join([header, *(row + "," for row in rows), *more, ""]), "utf-8")
    assert len(load_site(folder.path).firm.standard_rates) == len(rows) + 2
    last = len(rows) + 3
    file.write_text(file.read_text("utf-8") + "Wizard,USD,11,2026-06-01,,\n", "utf-8")
    assert folder.defects() == [
        f"rates.csv:{last + 1}: this row begins on 2026-06-01, but the one of line {last - 1} for the same work holds"
        " until 2026-07-01; end that one before, or begin this one later"
    ]


def test_exchange_rates_are_read_with_their_source_and_mistakes_told(folder: Folder) -> None:
    file = folder.path / "values" / "fx.csv"
    file.write_text("date,from,to,rate,source\n2026-02-02,EUR,USD,1.0843,ECB\n", "utf-8")
    (rate,) = load_site(folder.path).firm.fx_rates
    assert (rate.day, rate.base, rate.quote, str(rate.rate), rate.source) == (
        date(2026, 2, 2),
        "EUR",
        "USD",
        "1.0843",
        "ECB",
    )
    file.write_text("date,from,to,rate,source\n2026-02-02,EURO,USD,1,ECB\n2026-02-02,EUR,USD,0,\n", "utf-8")
    assert [defect.split(": ", 1)[1] for defect in folder.defects()] == [
        "from: 'EURO' is no ISO 4217 currency code such as USD",
        "rate: must be more than zero",
    ]


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ('caps = [{ id = "c", amount = -1 }]', "greater than or equal to 0"),
        ('caps = [{ id = "c" }]', "a cap has an amount or hours, one of them"),
        ('currency = "EURO"', "'EURO' is no ISO 4217 currency"),
        ('subscriptions = [{ id = "s", name = "S", price = 1 }]', "say in which currency these amounts are"),
        (
            'currency = "USD"\nsubscriptions = [{ id = "s", name = "S", price = 1, start_date = 2026-02-01, end_date ='
            " 2026-01-01 }]",
            "end_date 2026-01-01 lies before start_date 2026-02-01",
        ),
        (
            'currency = "USD"\nusage = [{ id = "u", name = "U", meter = "m", tiers = [{ id = "1", up_to = 5, unit_price'
            " = 1 }] }]",
            "the last one must have no up_to",
        ),
    ],
)
def test_billing_terms_that_make_no_sense_are_told_with_field_and_reason(folder: Folder, terms: str, told: str) -> None:
    line = folder.replace(
        "[[service_line]]",
        f'[[service_line]]\nid = "Odd"\nname = "Odd"\n[service_line.billing]\n{terms}\n[[service_line]]',
    )
    (defect,) = folder.defects()
    place, number, message = defect.split(":", 2)
    assert (place, message.startswith(" service_line.billing")) == ("site.toml", True), defect
    assert line <= int(number) <= line + 5
    assert told in message


def test_a_list_without_its_columns_is_told(folder: Folder) -> None:
    folder.replace("role,currency", "rolle,currency", "rates.csv")
    assert folder.defects() == ["rates.csv:1: the header lacks the columns role"]


@pytest.mark.parametrize("file", ["site.toml", "rates.csv", "people.csv"])
def test_a_file_in_another_encoding_is_told_with_its_line(folder: Folder, file: str) -> None:
    path = folder.path / file
    path.write_bytes(path.read_bytes() + b"\n# Stra\xdfe\n")
    (defect,) = folder.defects()
    assert "this line is not UTF-8 text" in defect
    assert int(defect.split(":")[1]) == path.read_bytes().count(b"\n")


@pytest.mark.parametrize("file", ["site.toml", "rates.csv", "people.csv"])
def test_a_byte_order_mark_of_a_spreadsheet_is_no_mistake(folder: Folder, file: str) -> None:
    path = folder.path / file
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_site(folder.path).firm.name == "Halden Marsh"


def test_a_site_needs_neither_rates_nor_people(folder: Folder) -> None:
    for name in ("rates.csv", "people.csv"):
        (folder.path / name).unlink()
    assert load_site(folder.path).firm.people == ()


def test_the_newest_rate_of_a_role_counts(folder: Folder) -> None:
    folder.append("Consultant,USD,170,2027-01-01,\nConsultant,USD,150,2025-01-01,2025-12-31\n", "rates.csv")
    firm = load_site(folder.path).firm
    assert firm.standard_rate("Consultant", "USD") == 170
    assert firm.standard_rates[-1].valid_to == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("env:TIELINE_TEST_TOKEN", "set the environment variable TIELINE_TEST_TOKEN"),
        ("file:secrets/none", "put it into the file "),
        ("file:secrets", "put it into the file "),
        ("file:secrets/empty", "put it into the file "),
        ("hunter2", 'add token = "env:VARIABLE" or "file:path" to its secrets'),
        ("", 'add token = "env:VARIABLE" or "file:path" to its secrets'),
    ],
)
def test_a_missing_secret_is_told_with_what_to_do_and_never_with_a_value(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, where: str, told: str
) -> None:
    monkeypatch.setenv("TIELINE_TEST_TOKEN", "")
    (folder.path / "secrets" / "empty").write_text("\n")
    folder.replace("file:secrets/kantata-token", where)
    kantata = load_site(folder.path).connections[1]
    with pytest.raises(Unauthorized) as caught:
        kantata.secret("token")
    assert str(caught.value).startswith("kantata: the secret 'token' is missing: ")
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_secret_is_read_when_it_is_asked_for_and_without_its_line_end(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kantata = load_site(folder.path).connections[1]
    (folder.path / "secrets" / "kantata-token").write_text("new token\n")
    assert kantata.secret("token") == "new token"
    folder.replace("file:secrets/kantata-token", "env:TIELINE_TEST_TOKEN")
    monkeypatch.setenv("TIELINE_TEST_TOKEN", "from outside")
    assert load_site(folder.path).connections[1].secret("token") == "from outside"
    assert "new token" not in repr(kantata)
