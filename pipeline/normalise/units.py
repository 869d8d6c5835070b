"""The units that tell fixers a number from something else, as rules/units.toml has them."""

from __future__ import annotations

from functools import lru_cache

from pipeline.rules import load_rules

MEASURED = {"yuan", "mu", "square_metres", "percent", "metres", "tonnes"}  # measures that have fractions
TECHNICAL = "units.technical"  # so have kilowatts and degrees


@lru_cache(maxsize=1)
def units() -> tuple[str, ...]:
    """Every unit and classifier."""
    return tuple(word for unit in load_rules().units for word in unit.words)


@lru_cache(maxsize=1)
def measures() -> tuple[str, ...]:
    """The units of what is measured, not counted."""
    return tuple(w for u in load_rules().units if u.measure in MEASURED or u.id == TECHNICAL for w in u.words)
