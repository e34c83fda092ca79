"""How hard the tests try: a little in each run, much more when somebody asks for torture."""

import os
from typing import Any

import pytest

TORTURE = "TIELINE_TORTURE"


def tortured() -> bool:
    """Has somebody asked for torture?"""
    return os.environ.get(TORTURE) == "1"


def examples(usual: int) -> int:
    """So many, or twenty times as many with TIELINE_TORTURE=1."""
    return usual * 20 if tortured() else usual


def turns(usual: int, most: int) -> list[Any]:
    """Numbers from 0 to parametrize a test by: each run takes the usual ones, torture the others too."""
    return [*range(usual), *(pytest.param(turn, marks=pytest.mark.torture) for turn in range(usual, most))]
