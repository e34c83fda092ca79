"""Turns what can go wrong for a user of the command line into one sentence on stderr and exit code 1."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import typer
from psycopg_pool import PoolTimeout

from tieline.app.deals import NoSuchDeal
from tieline.app.site import SiteError
from tieline.exception_queue.actions import NoSuchException, NotPossible
from tieline.mapping.problems import MappingFileError
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.store.embedded import DatabaseUnavailable


class UserError(Exception):
    """A sentence for the user, with what to do."""


@contextmanager
def told() -> Iterator[None]:
    """Print errors people can mend as a sentence; a bug of ours shows its traceback at the log level debug only."""
    try:
        yield
    except (SiteError, MappingFileError) as error:
        _say(str(error))
    except (UserError, DatabaseUnavailable, NoSuchDeal, NoSuchException, NotPossible, ValueError) as error:
        _say(str(error))
    except (Unavailable, Rejected, Unauthorized) as error:
        _say(f"{error.system}: {error.message}")
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.ProgrammingError, PoolTimeout) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        _say(f"The database does not answer: {first}. Look with: tieline db status")
    except FileExistsError as error:
        _say(f"{error.args[0]} exists already; choose another folder")
    except PermissionError as error:
        _say(f"No right to use {error.filename}; choose another folder or change its rights")
    except OSError as error:
        _say(f"{error.filename or 'The system'}: {error.strerror or error}")
    except Exception as error:
        if os.environ.get("TIELINE_LOG", "").upper() == "DEBUG":
            raise
        _say(f"Tieline itself failed: {type(error).__name__}: {error}. Report it with what TIELINE_LOG=debug shows.")


def _say(message: str) -> None:
    typer.secho(message, err=True, fg="red" if "\n" not in message else None)
    raise SystemExit(1)
