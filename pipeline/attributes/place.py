"""Place: which place a number speaks of, as the text names it, and its code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pipeline.attributes.cues import Book, Heard, Place, Scene, book_of, governing, heard_in
from pipeline.attributes.names import LEVELS, Name, level_of, names_between, names_in, pattern_of
from pipeline.attributes.scope import DIVISIONS, is_elsewhere, scope_of
from pipeline.records import Context, Located
from pipeline.rules import RuleSet

# What may stand before a name that a sentence is about; after 根据 or 与 it speaks of another.
SUBJECTS = frozenset({"mark", "subject", "verb", "soft", "list", "masked"})
NOWHERE = (None, None)
NO_CUE = (-1, -1)


def place_of(context: Context, place: Place, rules: RuleSet) -> Located:
    """The place that the sentence names as its subject before the number (石桥村脱贫8户), else the report's.

    The nearest name wins. 全村, 我镇 and the like mean the report's place if it is one (of 甲村 and 乙村 together
    likewise the report's), else the village, town … that was spoken of before in the section, else none: 全县 in the
    report of a township is not the township.
    """
    scene, book = place.scene, book_of(rules, "place")
    if book not in scene.voices:
        scene.voices[book] = _voices(book, context, scene, rules)
    names: Mapping[int, Name] = {}
    said: Heard | None = None
    several = False
    if voices := scene.voices[book]:
        names = _names_by_end(scene.text, rules, scene.zero, context.sentence.end)
        for hit in governing(book, place, voices):
            if hit.cue.value == "sum":
                said = None if several else said
            else:
                name, other = names.get(hit.end), names.get(said.end) if said else None
                several = several or (name is not None and other is not None and other.text != name.text)
                said = hit
    at = (said.start, said.end) if said else NO_CUE
    if at not in scene.located:
        scene.located[at] = _meant(said, names, context, rules)
    return scene.located[at]


def _voices(book: Book, context: Context, scene: Scene, rules: RuleSet) -> tuple[Heard, ...]:
    """The cues by which the sentence may say what it is about: its subjects, 全村 and the like, and 共."""
    heard = heard_in(book, scene)
    names = _names_by_end(scene.text, rules, scene.zero, context.sentence.end) if heard else {}
    return tuple(h for h in heard if h.cue.value == "sum" or _speaks(h, names.get(h.end), context, scene, rules))


def _speaks(hit: Heard, name: Name | None, context: Context, scene: Scene, rules: RuleSet) -> bool:
    if name is not None:  # 安全村 is a name, and no 全村
        return _is_subject(name, context, rules)
    return hit.cue.value == "own" and _opens(hit, context, scene, rules)


def _meant(said: Heard | None, names: Mapping[int, Name], context: Context, rules: RuleSet) -> Located:
    """The place of what is said, else of a heading, else the report's; of several the report's."""
    whole = Located(context.report.place, context.report.adcode)
    if said is None:
        return _heading(context, rules) or whole
    name = names.get(said.end)
    if name is None:
        zero = context.sentence.start
        return _own(context.text[zero + said.start : zero + said.end], context, rules)
    return whole if name.listed else _located(name, context, rules)


@lru_cache(maxsize=64)
def _names_by_end(text: str, rules: RuleSet, start: int, end: int) -> Mapping[int, Name]:
    """The names of a sentence by where they end in it."""
    return {n.end - start: n for n in names_between(text, rules, start, end)}


def _located(name: Name, context: Context, rules: RuleSet) -> Located:
    return Located(name.text, scope_of(context.text, context.report, rules).code_at(name))


def _is_subject(name: Name, context: Context, rules: RuleSet) -> bool:
    """Whether the sentence may be about the place; a 县 or 区 must be known or be named in the report's head."""
    if name.lead == "chain":
        names = names_between(context.text, rules, context.sentence.start, name.start)
        return bool(names) and _is_subject(names[-1], context, rules)
    if name.lead not in SUBJECTS:
        return False
    if name.level not in DIVISIONS:
        return True
    if is_elsewhere(context.text, name, rules) or pattern_of(rules, "giver").match(context.text, name.end):
        return False
    report = context.report
    return name.known or any(name.text in head for head in (report.place, report.title, report.issuer) if head)


def _opens(hit: Heard, context: Context, scene: Scene, rules: RuleSet) -> bool:
    """Whether 全县 and the like open their clause, where they mean more than the report's place.

    低于全县平均8元 does not speak of the county.
    """
    words, place = scene.sentence[hit.start : hit.end], context.report.place
    if not place or _is_same(words, place, rules) or level_of(words, rules) not in _levels_from(place, rules):
        return True
    return pattern_of(rules, "opening").search(scene.sentence[: hit.start]) is not None


def _is_same(words: str, place: str, rules: RuleSet) -> bool:
    """Whether 全镇, 我乡, 该县 can mean `place`: 全市 is no 县."""
    level = level_of(place, rules)
    return level == level_of(words, rules) and (level not in DIVISIONS or words[-1] == place[-1])


def _levels_from(place: str, rules: RuleSet) -> tuple[str, ...]:
    level = level_of(place, rules)
    return LEVELS[LEVELS.index(level) :] if level else ()


def _own(words: str, context: Context, rules: RuleSet) -> Located:
    """What 全村, 我镇, 该县 stand for."""
    report = context.report
    if report.place and _is_same(words, report.place, rules):
        return Located(report.place, report.adcode)
    level = level_of(words, rules)
    if level in DIVISIONS:
        return Located(*(scope_of(context.text, report, rules).superior(words[-1]) or NOWHERE))
    before = names_between(context.text, rules, context.section.start, context.sentence.start)
    named = [n for n in before if n.level == level and n.lead in SUBJECTS and not n.listed]
    return _located(named[-1], context, rules) if named else Located(*NOWHERE)


def _heading(context: Context, rules: RuleSet) -> Located | None:
    """The place that a heading above the sentence consists of: （一）石桥村."""
    name = _named_by(context.headings, rules)
    if name is None:
        return None
    return Located(name.text, scope_of(context.text, context.report, rules).code(name.text, name.level))


@lru_cache(maxsize=256)
def _named_by(headings: tuple[str, ...], rules: RuleSet) -> Name | None:
    for heading in headings:
        names = names_in(heading, rules)
        if len(names) == 1 and names[0].lead == "mark" and names[0].end == len(heading):
            return names[0]
    return None
