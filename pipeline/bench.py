"""How fast the chain is on one core: real files repeated with changes, each stage timed, beside a bare regex pass.

Machines are noisy: compare the ratios to the bare pass of the same run, not seconds between runs.
"""

from __future__ import annotations

import random
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import regex

from pipeline.attributes import link_parts
from pipeline.context import place_quantities
from pipeline.errors import OptionError, ReadError
from pipeline.extract import read_text
from pipeline.ingest import sources_in
from pipeline.normalise import normalise
from pipeline.quantities import find_numerals
from pipeline.read import read_source
from pipeline.records import RawText
from pipeline.rules import RuleSet
from pipeline.segment import segment
from pipeline.topics import decide_topics
from pipeline.topics.model import TopicModel

BARE = regex.compile(r"[0-9]++(?:\.[0-9]++)?+\p{Han}")
DIGITS = regex.compile(r"[0-9]")
T = TypeVar("T")


@dataclass(frozen=True)
class Timing:
    """Seconds that one stage took over `megabytes` of UTF-8."""

    stage: str
    seconds: float
    megabytes: float

    @property
    def speed(self) -> float:
        """Megabytes of UTF-8 a second."""
        return self.megabytes / self.seconds


def corpus(raw: Path, megabytes: float) -> list[RawText]:
    """The readable files under `raw`, repeated with other digits until they are `megabytes` of UTF-8 long.

    Changed digits keep memos of whole sentences from answering. Raises OptionError if no file can be read.
    """
    texts: list[RawText] = []
    for source, path in sources_in(raw):
        try:
            texts.append(read_source(path, source))
        except ReadError:
            continue
    if not texts:
        raise OptionError(f"{raw}: none of its files can be read")
    chance = random.Random(0)  # noqa: S311  (no secret: the same corpus every time)
    grown: list[RawText] = []
    size = 0
    while size < megabytes * 1e6:
        for raw_text in texts:
            text = DIGITS.sub(lambda m: chance.choice("123456789"), raw_text.text)
            grown.append(replace(raw_text, text=text))
            size += len(text.encode())
    return grown


def measure(texts: Sequence[RawText], rules: RuleSet, model: TopicModel) -> Iterator[Timing]:
    """The bare pass, each stage, and the whole chain over `texts`; the first text warms everything up."""
    read_text(texts[0], rules, model)
    megabytes = sum(len(t.text.encode()) for t in texts) / 1e6
    spent: dict[str, float] = defaultdict(float)

    def timed(stage: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        done = work()
        spent[stage] += time.perf_counter() - began
        return done

    for raw in texts:
        timed("bare regex pass", partial(BARE.findall, raw.text))
        timed("the whole chain", partial(read_text, raw, rules, model))
        text = timed("normalise", partial(normalise, raw))
        document = timed("segment", partial(segment, text, rules))
        numerals = timed("quantities", partial(find_numerals, text.text, rules))
        contexts = tuple(place_quantities(text.text, document, numerals))
        timed("topics", partial(decide_topics, contexts, rules, model))
        timed("part_of", partial(link_parts, contexts, rules))
    for stage, seconds in spent.items():
        yield Timing(stage, seconds, megabytes)


def peak_memory() -> float:
    """The most memory that this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
