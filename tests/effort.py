"""How many examples a property is tried with: few in each run, many when somebody asks for torture."""

import os

TORTURE = "TIELINE_TORTURE"


def examples(usual: int) -> int:
    """So many, or twenty times as many with TIELINE_TORTURE=1."""
    return usual * 20 if os.environ.get(TORTURE) == "1" else usual
