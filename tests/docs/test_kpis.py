"""The page of the key figures is made from their definitions."""

import pytest

from tieline.insights.definition import definitions, parsed
from tools.kpi_page import PAGE, page


def test_the_page_of_the_key_figures_is_the_one_their_definitions_make() -> None:
    assert PAGE.read_text("utf-8") == page()


def test_every_definition_fills_its_places_with_words_it_may_use() -> None:
    for one in definitions().values():
        assert one.unit in ("money", "percent", "days", "count"), one.id
        assert one.better in ("higher", "lower", "neither"), one.id
        assert one.is_ratio == (one.unit in ("percent", "days")), one.id
        assert one.says.endswith("."), one.id


def test_a_definition_that_says_too_little_is_refused() -> None:
    with pytest.raises(ValueError, match="wip: nothing is said of better, day"):
        parsed("wip", "-- name: a\n-- group: b\n-- says: c\n-- formula: d\n--   e\nselect 1")
