"""The checks: their examples, what they must find, and how many slips they catch."""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

import pytest
from conftest import Corpus
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract import read_text
from pipeline.records import Check, Quantity, RawText, Reading
from pipeline.rulecheck import check_failure
from pipeline.rules import load_rules
from pipeline.tables import sentence_of
from pipeline.topics.model import load_model

ROOT = Path(__file__).parents[1]
RULES, MODEL = load_rules(), load_model()
INJECTIONS, SEED = 500, 20
NUMBER = re.compile(r"[0-9][0-9,.]*")
# Equations; the other kinds only bound a number, and a slip within the bound is none that arithmetic can see.
EQUATIONS = {"parts_sum", "conversion", "change_stated", "growth", "per_unit", "rate", "stated_twice"}
UNITS = {
    "万元": "元",
    "元": "万元",
    "亩": "公顷",
    "公顷": "亩",
    "公里": "米",
    "亿元": "万元",
    "万亩": "亩",
    "万人": "人",
}


def read(text: str) -> Reading:
    return read_text(RawText("text", text, "", len(text), "txt", "utf-8", "test"), RULES, MODEL)


def checks_of(text: str) -> list[Check]:
    return list(read(text).checks)


@dataclass(frozen=True)
class Target:
    """A number of a sentence, in an equation that holds."""

    sentence: str
    kind: str
    start: int
    end: int


def by_line(lines: tuple[str, ...]) -> Iterator[tuple[int, Check, Reading]]:
    """The checks within one line each of many lines that are read at once: (line, check, reading)."""
    reading = read("\n".join(lines))
    ends = list(accumulate(len(line) + 1 for line in lines))
    for check in reading.checks:
        starts = [reading.text.offsets.span(q.start, q.end)[0] for q in quantities(check, reading)]
        places = {bisect_right(ends, start) for start in starts}
        if len(places) == 1:
            yield places.pop(), check, reading


def quantities(check: Check, reading: Reading) -> list[Quantity]:
    return [reading.observations[i].quantity for i in check.observations]


@cache
def targets() -> tuple[Target, ...]:
    """The numbers that some equation covers, in sentences that no check accuses."""
    lines = gold_sentences()
    zeros = [0, *accumulate(len(line) + 1 for line in lines)]
    found = list(by_line(lines))
    accused = {place for place, check, _ in found if not check.holds}
    spans = {
        (place, check.kind, *(o - zeros[place] for o in reading.text.offsets.span(q.start, q.end)))
        for place, check, reading in found
        if place not in accused and check.kind in EQUATIONS
        for q in quantities(check, reading)
    }
    return tuple(Target(lines[place], kind, start, end) for place, kind, start, end in sorted(spans))


@cache
def gold_sentences() -> tuple[str, ...]:
    """The sentences of the annotated reports that hold digits, each once."""
    texts = (p.read_text("utf-8") for p in sorted((ROOT / "tests" / "gold" / "raw").iterdir()))
    parts = (s for text in texts for line in text.splitlines() for s in line.replace("。", "。\n").splitlines())
    return tuple(dict.fromkeys(s for s in parts if sum(c.isdigit() for c in s) > 2))


def slip(target: Target, rng: random.Random) -> str | None:
    """The sentence with one digit or the unit of its target changed."""
    number = target.sentence[target.start : target.end]
    unit = next(
        (u for u in sorted(UNITS, key=len, reverse=True) if number.endswith(u) and number[-len(u) - 1].isdigit()), None
    )
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
    made: list[tuple[Target, str]] = []
    while len(made) < count:
        target = rng.choice(targets())
        text = slip(target, rng)
        if text is not None:
            made.append((target, text))
    return made


def test_slips_are_caught() -> None:
    made = injections(INJECTIONS, SEED)
    caught = {place for place, check, _ in by_line(tuple(text for _, text in made)) if not check.holds}
    assert len(targets()) > 200
    assert len({target.kind for target, _ in made}) >= 5
    assert len(caught) / INJECTIONS >= 0.90, [made[i] for i in range(INJECTIONS) if i not in caught][:20]


def test_clean_texts_are_not_accused(corpus: Corpus) -> None:
    """Every violated check over the texts of the repository was read: these four are right, and no other may speak."""
    checks = corpus.frames["checks"]
    violated = checks[checks["verdict"] == "violated"].merge(corpus.frames["reports"], on="report_id")
    found = {(s.rpartition("/")[2][:3], k, abs(round(d, 6))) for s, k, d in
             zip(violated["source"], violated["kind"], violated["difference"], strict=True)}  # fmt: skip
    assert found == {("002", "parts_sum", 40), ("004", "parts_sum", 1), ("e01", "parts_sum", 1000)}
    assert len(checks) > 900


EXAMPLES = [(c.id, wish, text) for c in RULES.checks.values() for wish, text in c.examples()]


@pytest.mark.parametrize(
    ("kind", "wish", "text"), EXAMPLES, ids=[f"{k}-{w}-{i}" for i, (k, w, _) in enumerate(EXAMPLES)]
)
def test_the_examples_hold(kind: str, wish: str, text: str) -> None:
    assert check_failure(RULES.checks[kind], wish, text, RULES, MODEL) is None


@pytest.mark.parametrize(
    ("wish", "said"),
    [("no", "must hold"), ("silent", "must be silent")],
    ids=["violated-for-no", "violated-for-silent"],
)
def test_an_example_that_fails_says_so(wish: str, said: str) -> None:
    rule = RULES.checks["parts_sum"]
    assert said in str(check_failure(rule, wish, rule.yes[0], RULES, MODEL))
    assert "must be violated" in str(check_failure(rule, "yes", rule.no[0], RULES, MODEL))


SAID = {
    "a sum of people": (
        "发放补助共计245人,其中初中83人,小学112人,幼儿园51人。",
        "各项83人+112人+51人合计为246人，与所报总数245人（245人）相差1人，请核对。",
    ),
    "a sum of money in its own unit": (
        "整合资金8640.5万元,其中中央资金5210.5万元、省级资金2130万元、县级资金1500万元。",
        "各项5210.5万元+2130万元+1500万元合计为8,840.5万元，与所报总数8640.5万元（8,640.5万元）相差200万元，请核对。",
    ),
    "a change": (
        "务工人数由上年的180人增加到430人,增加260人。",
        "所写变化260人与前后两数之差250人不符（180人+430人），相差10人，请核对。",
    ),
}


@pytest.mark.parametrize(("text", "said"), SAID.values(), ids=SAID)
def test_the_sentence_to_the_issuer(text: str, said: str) -> None:
    reading = read(text)
    bad = [c for c in reading.checks if not c.holds]
    assert [sentence_of(reading, c, RULES) for c in bad] == [said]


@pytest.mark.parametrize("kind", sorted(RULES.checks))
def test_every_sentence_names_both_numbers(kind: str) -> None:
    for wish, text in RULES.checks[kind].examples():
        reading = read(text)
        for check in reading.checks:
            if check.kind == kind and wish != "silent":
                said = sentence_of(reading, check, RULES)
                assert said.endswith("。")
                assert len(NUMBER.findall(said)) >= 2 or kind == "stated_twice"


SILENT = {
    "masked part": "全村改厕120户,其中旱厕70户、水厕4x户。",
    "masked total": "全村改厕1xx户,其中旱厕70户、水厕42户。",
    "bounded total": "全村改厕120余户,其中旱厕70户、水厕42户。",
    "more parts than are named": "认领问题85个,其中作风问题21个、资金问题14个等。",
    "beyond the semicolon": "改造危房62户,其中C级41户;D级20户。",
    "per head": "耕地面积3000亩(人均1.4亩、户均5.2亩)。",
}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_what_is_not_stated_is_not_summed(text: str) -> None:
    assert [c for c in checks_of(text) if c.kind == "parts_sum"] == []


@given(st.lists(st.integers(1, 4000), min_size=3, max_size=6))
def test_parts_that_add_up_always_hold(parts: list[int]) -> None:
    names = ("甲类", "乙类", "丙类", "丁类", "戊类", "己类")
    text = (
        f"全镇认领问题{sum(parts)}个,其中" + "、".join(f"{n}{p}个" for n, p in zip(names, parts, strict=False)) + "。"
    )
    sums = [c for c in checks_of(text) if c.kind == "parts_sum"]
    assert [c.holds for c in sums] == [True]
    assert sums[0].left == sums[0].right == sum(parts)


@given(st.text(alphabet="其中共计0123456789.,，、()（）户人万元亩%由到增加x。", max_size=200))
def test_no_text_breaks_the_checks(text: str) -> None:
    reading = read(text)
    for check in reading.checks:
        assert sentence_of(reading, check, RULES)
        assert len(set(check.observations)) == len(check.observations) or check.kind == "unit_slip"
