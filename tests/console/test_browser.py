"""The console in a real Chromium: fix and retry, nothing against our own policy, and what scripts add."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.api.serving import served
from tests.console.week import CLAIMS, GRID, BusyWeek
from tests.e2e.deals import Line, win
from tests.e2e.world import World, world
from tieline import console
from tieline.app.desk import Desk
from tieline.cli.web import web_app

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install the package chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@contextmanager
def tab(browser: Browser, address: str, *, width: int = 1280, dark: bool = False) -> Iterator[Page]:
    """A tab in which nothing may go wrong: no script error, nothing our policy forbids."""
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        yield page
        assert wrong == []
    finally:
        context.close()


@pytest.fixture
def address(desk: Desk, week: BusyWeek) -> Iterator[str]:
    with served(console.build(desk)) as url:
        yield url


@pytest.fixture
def firm(tmp_path: Path, database: str) -> Iterator[World]:
    with world(tmp_path, database) as here:
        here.begin()
        yield here


def test_a_role_without_an_item_is_fixed_in_the_console_and_its_deal_goes_through(
    browser: Browser, firm: World
) -> None:
    win(firm, "Deal with an architect", Line("Design", "Sr. Architect", 10, 295))
    firm.until(lambda: [row for row in firm.exceptions() if row.key == "Sr. Architect"], "exception about the role")
    with served(web_app(firm.tieline)) as url, tab(browser, url) as page:
        page.goto("/")
        expect(page.get_by_role("heading", name="“Sr. Architect”")).to_be_visible()
        page.get_by_label("Code in NetSuite").fill("2")
        page.locator("form.fix").get_by_label("Your name").fill("Dana Whitfield")
        page.get_by_role("button", name="Fix and retry 1 record").click()
        expect(page.get_by_text("Solved", exact=False).filter(has_text="by Tieline itself")).to_be_visible(
            timeout=40_000
        )
        page.get_by_role("link", name="See the engagement").click()
        expect(page.get_by_role("heading", name="Deal with an architect", level=1)).to_be_visible()
        contract = page.get_by_role("row", name="Contract in ERP").first
        expect(contract.get_by_role("link")).to_be_visible(timeout=40_000)
        expect(page.get_by_text("Nothing waits for a person.")).to_be_visible(timeout=40_000)
    assert "Sr. Architect,2" in (firm.site / "values" / "netsuite" / "item.csv").read_text("utf-8")
    assert firm.rows("select actor from audit_event where action = 'exception.fixed'") == [{"actor": "Dana Whitfield"}]


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_no_page_is_wider_than_its_window_or_against_our_policy(browser: Browser, address: str, width: int) -> None:
    with tab(browser, address, width=width) as page:
        for path in (
            "/",
            "/engagements",
            "/bulk?owner=finance",
            f"/engagements/{GRID}",
            f"/engagements/{CLAIMS}",
            "/exceptions",
            "/exceptions/1",
            "/operations",
            "/figures?about=Billing",
            "/figures/contract-position",
        ):
            page.goto(path)
            shown = page.evaluate("document.fonts.ready.then(() => document.documentElement.scrollWidth)")
            assert shown <= width, path


def test_the_chart_is_drawn_from_its_table_which_folds_away(browser: Browser, address: str) -> None:
    with tab(browser, address) as page:
        page.goto(f"/engagements/{GRID}")
        expect(page.locator("figure.chart canvas")).to_be_visible()
        expect(page.locator("figure.chart table")).to_be_hidden()
        page.get_by_text("Show the figures as a table").click()
        expect(page.locator("figure.chart table")).to_be_visible()


def test_without_scripts_the_table_stands_for_the_chart_and_forms_work(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/engagements/{GRID}")
    expect(page.locator("figure.chart table")).to_be_visible()
    page.get_by_role("link", name="Exception 1").click()
    page.get_by_label("Code in NetSuite").fill("9")
    page.locator("form.fix").get_by_label("Your name").fill("Dana Whitfield")
    page.get_by_role("button", name="Fix and retry 5 records").click()
    expect(page.get_by_text("Reload the page to see it.")).to_be_visible()
    context.close()


def test_the_engagement_shows_what_happens_while_it_is_looked_at(
    browser: Browser, address: str, week: BusyWeek
) -> None:
    with tab(browser, address) as page:
        page.goto(f"/engagements/{GRID}")
        with week.database.transaction() as db:
            week.event(
                db, "invoice.changed", GRID, week.now, label="Invoice INV-20466 paid", object_="netsuite:invoice:x"
            )
        expect(page.get_by_text("Invoice INV-20466 paid")).to_be_visible(timeout=15_000)
        expect(page.locator("figure.chart canvas")).to_be_visible()


def test_the_chosen_theme_stays(browser: Browser, address: str) -> None:
    with tab(browser, address) as page:
        page.goto("/")
        page.get_by_role("button", name="Switch light or dark").click()
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.goto("/operations")
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark == "rgb(13, 17, 19)"


def test_the_queue_is_walked_by_keyboard(browser: Browser, address: str) -> None:
    with tab(browser, address) as page:
        page.goto("/exceptions")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "/exceptions/1"
        page.keyboard.press("/")
        page.keyboard.type("bluepeak")
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Grid settlement platform, phase 2")).to_be_visible()
        expect(page.get_by_role("link", name="Treasury data model")).to_have_count(0)


def test_moments_are_shown_in_the_zone_of_the_reader(browser: Browser, address: str, week: BusyWeek) -> None:
    context = browser.new_context(base_url=address, timezone_id="Asia/Kolkata")
    page = context.new_page()
    page.goto(f"/engagements/{CLAIMS}")
    shown = page.locator("table.thread time").last
    moment = page.evaluate(
        "new Date(document.querySelector('table.thread tr:last-child time').dateTime)"
        ".toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'})"
    )
    expect(shown).to_contain_text(moment)
    expect(page.locator("[data-zone]")).to_contain_text("5:30")
    context.close()
