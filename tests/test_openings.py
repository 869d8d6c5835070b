"""What the matches of a pattern begin with, read off the pattern, and that no cue is missed for it."""

from __future__ import annotations

import pytest

from pipeline.attributes.finder import GROUPS, Finder, strongest_first
from pipeline.attributes.openings import LONGEST, Openings, openings
from pipeline.rules import load_rules

CASES = [
    ("每|人均", ("人均", "每")),
    ("(?:尚|还)?缺(?:口|额)?", ("尚缺", "缺", "还缺")),  # 缺口 begins with 缺
    ("(?<!不)(?:高|低)于(?!此)", ("低于", "高于")),
    ("[一二]{1,2}是", ("一一是", "一二是", "一是", "二一是", "二二是", "二是")),
    (r"计划\p{Han}{1,6}完成", ("计划",)),
    ("按[^,，]{1,40}元", ("按",)),
    ("任务(?:指标|数|值|户数)", ("任务值", "任务户", "任务指", "任务数")),
    ("全?村", ("全村", "村")),
    (r"\.[0-2]", (".0", ".1", ".2")),
    ("(?P<year>19|20)[0-1]年", ("190", "191", "200", "201")),
    ("[]a]x", ("]x", "ax")),
]


@pytest.mark.parametrize(("pattern", "texts"), CASES, ids=[pattern for pattern, _ in CASES])
def test_a_match_begins_with_one_of(pattern: str, texts: tuple[str, ...]) -> None:
    assert openings(pattern) == Openings(texts, 0)


@pytest.mark.parametrize(
    ("pattern", "texts", "shift"),
    [("(?<=每)[隔满]?", ("每",), 1), ("(?<=[年月])(?<=从)[12]", ("年1", "年2", "月1", "月2"), 1)],
)
def test_what_must_stand_before_a_match_is_its_opening(pattern: str, texts: tuple[str, ...], shift: int) -> None:
    assert openings(pattern) == Openings(texts, shift)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        r"\d年",
        "[^、]年",
        "年?",
        "(?<=每|隔年)",
        "(?<=每)人|(?=户)",
        "(?i)a",
        "(?:a){e<=1}",
        r"(?(1)a|b)",
        ".",
        "[[:alpha:]]a",
    ],
)
def test_nothing_is_said_of_what_cannot_be_read_off(pattern: str) -> None:
    assert openings(pattern) is None


def test_openings_are_short() -> None:
    own = openings("低保标准提高到")
    assert own is not None
    assert all(len(text) <= LONGEST for text in own.texts)


@pytest.mark.parametrize("file", [file for group in GROUPS for file in group])
def test_every_cue_is_found_where_the_engine_finds_it(file: str) -> None:
    """Over all examples of the rules, as one text; the strongest of those that begin at one place."""
    rules = load_rules()
    text = "\n".join(t for cues in rules.cues.values() for c in cues for _, t in c.examples())
    wish: dict[tuple[int, bool], tuple[int, str]] = {}
    for cue in strongest_first(rules, file):
        for match in rules.compile(cue).finditer(text, overlapped=True) if cue.where not in ("section", "name") else ():
            wish.setdefault((match.start(), cue.where in ("after", "inside")), (match.end(), cue.id))
    found = Finder(rules, (file,)).find(text)[file].hits
    assert len(found) > 1
    assert {(h.start, h.cue.where in ("after", "inside")): (h.end, h.cue.id) for h in found} == wish
