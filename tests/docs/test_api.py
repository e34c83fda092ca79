"""Every route of the HTTP API is explained in docs/api.md, and no other."""

import re
from pathlib import Path

from fastapi import FastAPI

from tieline.api.application import api_router

PAGE = Path(__file__).resolve().parents[2] / "docs/api.md"


def test_the_page_of_the_api_names_exactly_its_routes() -> None:
    app = FastAPI()
    app.include_router(api_router())
    paths: dict[str, dict[str, object]] = app.openapi()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert set(re.findall(r"^\| `([A-Z]+ /[^`]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)) == routes
