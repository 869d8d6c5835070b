"""The checks: their examples, what they must find, and how many slips they catch."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from pipeline.extract import read_text
from pipeline.records import Check, RawText, Reading
from pipeline.rules import load_rules
from pipeline.tables import sentence_of
from pipeline.topics.model import load_model

ROOT = Path(__file__).parents[1]
RULES, MODEL = load_rules(), load_model()
INJECTIONS, SEED = 500, 20
# Equations; the other kinds only bound a number, and a slip within the bound is none that arithmetic can see.
EQUATIONS = {"parts_sum", "conversion", "change_stated", "growth", "per_unit", "rate", "stated_twice"}
UNITS = {"万元": "元", "元": "万元", "亩": "公顷", "公顷": "亩", "公里": "米", "亿元": "万元", "万亩": "亩", "万人": "人"}


def read(text: str) -> Reading:
    return read_text(RawText("text", text, "", len(text), "txt", "utf-8", "test"), RULES, MODEL)


def violated(text: str) -> set[str]:
    return {c.kind for c in read(text).checks if not c.holds}


@dataclass(frozen=True)
class Target:
    """A number of a sentence, in an equation that holds."""

    sentence: str
    kind: str
    start: int
    end: int


def targets_in(sentence: str) -> Iterator[Target]:
    """The numbers that some equation covers, in a sentence that no check accuses."""
    reading = read(sentence)
    if all(c.holds for c in reading.checks):
        seen: set[int] = set()
        for check in reading.checks:
            for i in check.observations if check.kind in EQUATIONS else ():
                quantity = reading.observations[i].quantity
                span = reading.text.offsets.span(quantity.start, quantity.end)
                if quantity.start not in seen:
                    seen.add(quantity.start)
                    yield Target(sentence, check.kind, *span)


@cache
def gold_sentences() -> tuple[str, ...]:
    """The sentences of the annotated reports that hold digits, each once."""
    texts = (p.read_text("utf-8") for p in sorted((ROOT / "tests" / "gold" / "raw").iterdir()))
    parts = (s for text in texts for line in text.splitlines() for s in line.replace("。", "。\n").splitlines())
    return tuple(dict.fromkeys(s for s in parts if sum(c.isdigit() for c in s) > 2))


def slip(target: Target, rng: random.Random) -> str | None:
    """The sentence with one digit or the unit of its target changed."""
    number = target.sentence[target.start : target.end]
    unit = next((u for u in sorted(UNITS, key=len, reverse=True) if number.endswith(u) and number[-len(u) - 1].isdigit()), None)
    if unit and rng.random() < 0.2:
        changed = number.removesuffix(unit) + UNITS[unit]
    else:
        places = [i for i, c in enumerate(number) if c in "0123456789"]
        if not places:
            return None
        place = rng.choice(places)
        lowest = 1 if place == places[0] else 0
        digit = rng.choice([d for d in "0123456789"[lowest:] if d != number[place]])
        changed = number[:place] + digit + number[place + 1 :]
    return target.sentence[: target.start] + changed + target.sentence[target.end :]


def injections(count: int, seed: int) -> list[tuple[Target, str]]:
    """`count` slips in numbers of the annotated reports that an equation covers."""
    rng = random.Random(seed)
    targets = [t for sentence in gold_sentences() for t in targets_in(sentence)]
    made: list[tuple[Target, str]] = []
    while len(made) < count:
        target = rng.choice(targets)
        text = slip(target, rng)
        if text is not None:
            made.append((target, text))
    return made
