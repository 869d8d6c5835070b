"""How fast the chain is on one core: real files repeated with changes, each stage timed, beside a bare regex pass.

Machines are noisy: compare the ratios to the bare pass of the same run, not seconds between runs.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import regex

from pipeline import extract
from pipeline.errors import CunbaoError, OptionError
from pipeline.ingest import sources_in
from pipeline.read import read_source
from pipeline.records import RawText
from pipeline.rules import RuleSet
from pipeline.topics.model import TopicModel

# The stages as extract.py names them, in its order; what it does itself is the rest of the whole chain.
STAGES = ("normalise", "segment", "find_numerals", "place_quantities", "link_parts", "decide_topics", "observe")
BARE = regex.compile(r"[0-9]++(?:\.[0-9]++)?+\p{Han}")
DIGITS = regex.compile(r"[0-9]")


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
        except CunbaoError:
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
    """The bare pass, the whole chain, and the stages in it over `texts`; the first text warms everything up."""
    extract.read_text(texts[0], rules, model)
    megabytes = sum(len(t.text.encode()) for t in texts) / 1e6
    yield Timing("bare regex pass", _seconds(lambda: [BARE.findall(t.text) for t in texts]), megabytes)
    with _watched(STAGES) as spent:
        whole = _seconds(lambda: [extract.read_text(t, rules, model) for t in texts])
    yield Timing("the whole chain", whole, megabytes)
    for stage in STAGES:
        yield Timing(f"  {stage}", spent[stage], megabytes)


def _seconds(work: Callable[[], object]) -> float:
    """Seconds of processor time that `work` takes: other programs on the machine do not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


@contextmanager
def _watched(stages: Sequence[str]) -> Iterator[dict[str, float]]:
    """Wraps the stage functions that extract.py composes, so that each adds up the time spent in it."""
    spent = dict.fromkeys(stages, 0.0)
    originals = {stage: getattr(extract, stage) for stage in stages}

    def timed(stage: str) -> Callable[..., object]:
        def work(*args: object) -> object:
            began = time.process_time()
            done = originals[stage](*args)
            spent[stage] += time.process_time() - began
            return done

        return work

    for stage in stages:
        setattr(extract, stage, timed(stage))
    try:
        yield spent
    finally:
        for stage, original in originals.items():
            setattr(extract, stage, original)


def peak_memory() -> float:
    """The most memory that this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
