"""How fast the chain is on one core: real files repeated with changes, each stage timed, beside a bare regex pass.

And what a run of `cunbao ingest` costs as a whole process where little or nothing is new, beside a first run.
Machines are noisy: compare the ratios to the bare pass or the first run of the same go, not seconds between goes.
"""

from __future__ import annotations

import gc
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import regex

from pipeline import extract
from pipeline.errors import CunbaoError, OptionError
from pipeline.ingest import no_search_for_garbage, sources_in
from pipeline.read import read_source
from pipeline.records import RawText
from pipeline.rules import RuleSet
from pipeline.topics.model import TopicModel

# The stages as extract.py names them, in its order; what it does itself is the rest of the whole chain.
STAGES = (
    "normalise", "segment", "find_numerals", "place_quantities", "places_of", "link_parts", "decide_topics", "observe",
)  # fmt: skip
BARE = regex.compile(r"[0-9]++(?:\.[0-9]++)?+\p{Han}")
DIGITS = regex.compile(r"[0-9]")
LONGEST = 300  # characters of a line that is taken over
ROUNDS = 3  # of what is quick


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
    texts = _readable(raw)
    chance = random.Random(0)  # noqa: S311  (no secret: the same corpus every time)
    grown: list[RawText] = []
    size = 0
    while size < megabytes * 1e6:
        for raw_text in texts:
            text = _other_digits(raw_text.text, chance)
            grown.append(replace(raw_text, text=text))
            size += len(text.encode())
    return grown


def _readable(raw: Path) -> list[RawText]:
    texts: list[RawText] = []
    for source, path in sources_in(raw):
        try:
            texts.append(read_source(path, source))
        except CunbaoError:
            continue
    if not texts:
        raise OptionError(f"{raw}: none of its files can be read")
    return texts


def _other_digits(text: str, chance: random.Random) -> str:
    return DIGITS.sub(lambda m: chance.choice("123456789"), text)


def invent(raw: Path, folder: Path, numbers: Iterable[int]) -> None:
    """Writes reports into `folder`: lines of the files under `raw` in any order, digits changed.

    Each is as long as one of these files, and the same for its number every time. Its name is any, so that new files
    come between old ones.
    """
    texts = _readable(raw)
    lines = [line for t in texts for line in t.text.splitlines() if 0 < len(line.strip()) <= LONGEST]
    lengths = [len(t.text) for t in texts]
    for number in numbers:
        chance = random.Random(number)  # noqa: S311
        name, text = f"{chance.getrandbits(64):016x}.txt", ""
        length = chance.choice(lengths)
        while len(text) < length:
            text += _other_digits(chance.choice(lines), chance) + "\n"
        (folder / name).write_text(text, "utf-8")


@dataclass(frozen=True)
class Run:
    """Seconds of one run as a process of its own. `processor`: other programs on the machine do not count."""

    what: str
    seconds: float
    processor: float


def measure_store(raw: Path, count: int) -> Iterator[Run]:
    """Runs over `count` invented files, then without news, then with 1 % new ones; of what is quick the median."""
    with tempfile.TemporaryDirectory() as folder:
        new, out = Path(folder, "raw"), Path(folder, "out")
        new.mkdir()
        invent(raw, new, range(count))
        yield _ingest(new, out, f"all {count:,} files")
        yield _middle([_ingest(new, out, "nothing new") for _ in range(ROUNDS)])
        few, rounds = max(1, count // 100), []
        for start in range(count, count + ROUNDS * few, few):
            invent(raw, new, range(start, start + few))
            rounds.append(_ingest(new, out, f"{few:,} files more"))
        yield _middle(rounds)


def _middle(runs: Sequence[Run]) -> Run:
    return sorted(runs, key=lambda run: run.processor)[len(runs) // 2]


def _ingest(raw: Path, out: Path, what: str) -> Run:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "pipeline", "ingest", "--raw", str(raw), "--out", str(out)]
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as installed
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=compiled)
    if done.returncode not in (0, 6):  # 6: nothing new
        raise OptionError(f"{raw}: the run that was to be timed failed: {done.stderr.strip()[-300:]}")
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Run(what, seconds, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def measure(texts: Sequence[RawText], rules: RuleSet, model: TopicModel) -> Iterator[Timing]:
    """The bare pass, the whole chain, and the stages in it over `texts`; one of each file warms everything up."""
    for text in {t.source: t for t in texts}.values():  # a damaged one has the search over shifted text get ready too
        extract.read_text(text, rules, model)
    gc.collect()
    gc.freeze()
    megabytes = sum(len(t.text.encode()) for t in texts) / 1e6
    yield Timing("bare regex pass", _seconds(lambda: [BARE.findall(t.text) for t in texts]), megabytes)

    def read() -> None:
        for text in texts:
            extract.read_text(text, rules, model)

    with no_search_for_garbage():
        whole = _seconds(read)
        with _watched(STAGES) as spent:  # apart from the whole: to watch each number takes time, too
            read()
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
        def work(*args: object, **options: object) -> object:
            began = time.process_time()
            done = originals[stage](*args, **options)
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
