"""The web application of `serve`: API and console on one address."""

from fastapi import FastAPI

from tieline.api import api_app
from tieline.app.assembly import Tieline
from tieline.console import add_console


def web_app(tieline: Tieline) -> FastAPI:
    """Both, with the console at `/`."""
    application = api_app(tieline)
    add_console(application, tieline)
    return application
