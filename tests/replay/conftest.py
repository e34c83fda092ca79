"""An engine driven by hand, as in the tests of the engine."""

from tests.engine.conftest import Bench, bench

__all__ = ["Bench", "bench"]
