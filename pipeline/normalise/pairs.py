"""Tables of characters, one pair a line: as written, as read."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=4)
def pairs_in(name: str) -> dict[str, str]:
    """The pairs of the table `name`.txt beside this module; lines that begin with # are remarks."""
    lines = Path(__file__).with_name(f"{name}.txt").read_text("utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if not line.startswith("#"))
