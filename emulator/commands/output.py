"""Standard output and standard error as the commands use them, whoever reads them, and whether they are there at all.

The one rule: a command ends with its own result. That the reader of a pipe has seen enough does not change it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TYPE_CHECKING, TextIO, TypeVar, cast

from ..errors import EmulatorError

T = TypeVar("T")


class Output:
    """A stream that may be closed, full, or a pipe that nobody reads any more."""

    def __init__(self, stream: TextIO | None, name: str, *, needed: bool) -> None:
        self._stream = stream if stream is not None else _nowhere()
        self._name = name
        self._needed = needed
        self.lost = False
        """The reader has gone; what is written goes nowhere."""
        self._failure: str | None = None
        """Why what has to be written cannot be; told again and again, because who tries first may not listen."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return self._tried(lambda: self._stream.write(text), len(text))

    def flush(self) -> None:
        self._tried(self._stream.flush, None)

    def _tried(self, do: Callable[[], T], otherwise: T) -> T:
        if not self.lost:
            try:
                return do()
            except OSError as error:
                self._lose(error)
        if self._failure is not None:
            raise EmulatorError(self._failure)
        return otherwise

    def _lose(self, error: OSError) -> None:
        self.lost = True
        if self._needed and not isinstance(error, BrokenPipeError):
            self._failure = f"{self._name} cannot be written: {error.strerror or error}"
        with suppress(OSError, ValueError):  # what is left in the buffer goes nowhere, also when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


@contextmanager
def outputs() -> Iterator[None]:
    """While a command runs: standard output and standard error are such streams."""
    out = Output(sys.stdout, "standard output", needed=True)
    error = Output(sys.stderr, "standard error", needed=False)
    with redirect_stdout(cast("TextIO", out)), redirect_stderr(cast("TextIO", error)):
        yield


def heard() -> bool:
    """Whether somebody still reads standard output, as far as the last line could tell."""
    return not getattr(sys.stdout, "lost", False)
