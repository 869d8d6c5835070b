"""One exception for each kind of failure; every message names the culprit and what to do about it."""

from __future__ import annotations


class CunbaoError(Exception):
    """Base of every failure that is shown to a user as one sentence, without a traceback."""

    exit_code = 1


class OptionError(CunbaoError):
    """A command line option or argument that cannot be used."""

    exit_code = 2


class RuleError(CunbaoError):
    """A rules file that cannot be used: unreadable, an unknown key, a broken pattern."""

    exit_code = 3


class ReadError(CunbaoError):
    """A source file that cannot be read; recorded in `sources`, never stops the other files.

    `status` is the value that `sources.status` takes: failed, empty or unsupported.
    """

    exit_code = 4

    def __init__(self, message: str, *, status: str = "failed") -> None:
        super().__init__(message)
        self.status = status


class StoreError(CunbaoError):
    """An output folder that cannot be written or read."""

    exit_code = 5


class BusyError(StoreError):
    """An output folder that another run is writing to; nothing is wrong with it."""
