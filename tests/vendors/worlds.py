"""The former name of `bench`."""

from __future__ import annotations

from bench import CLIENT, MONDAY
from bench import Bench as SmallWorld

__all__ = ["CLIENT", "MONDAY", "SmallWorld"]
