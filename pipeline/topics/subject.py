"""What a quantity counts, as the text names it: the shortest noun phrase beside the number."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

import regex

from pipeline.records import Context, Quantity
from pipeline.rules import RuleSet
from pipeline.tokens import Tokeniser
from pipeline.topics.cues import Cue
from pipeline.topics.features import Scene

# ICTCLAS tags that may stand in a noun phrase; v only between or after nouns (危房改造), m x for letters and names.
NOUN = ("n", "j", "l", "i", "eng", "b", "vn", "an", "s", "nz", "nt", "nr", "ns", "x", "t", "f", "z", "a")
PHRASE = 14  # longest noun phrase looked for, in characters
BREAK = regex.compile(r"[,，:：;；。!！?？\n()（）、“”\"'《》\[\]【】+]")


@lru_cache(maxsize=8)
def _words(rules: RuleSet, value: str) -> tuple[str, ...]:
    """The words of rules/subject.toml with this value, the longest first."""
    words = {w for cue in rules.cues["subject"] if cue.value == value for w in cue.words}
    return tuple(sorted(words, key=lambda w: (-len(w), w)))


def subject_of(context: Context, scene: Scene, rules: RuleSet, tokenise: Tokeniser) -> str:
    """The noun phrase that names what the quantity counts; empty where its clause names nothing.

    A word of rules/topics that touches the number is the subject (路灯43盏); only where none does are the words beside
    the number cut.
    """
    known = _touching(context, scene, _words(rules, "stop"))
    if known:
        return known
    right = _right(context, rules, tokenise)
    return right or _left(context, rules, tokenise)


def _touching(context: Context, scene: Scene, stops: tuple[str, ...]) -> str:
    """The longest cue that begins where the classifier ends, or that ends where the number begins."""
    text, quantity, (left, right) = context.text, context.quantity, context.edges
    if _takes_right(quantity):
        found = _names(text, [c for c in _between(scene, quantity.end, quantity.end + 1) if c.end <= right])
        if found:
            return found
    begin = quantity.start
    while text.endswith(stops, left, begin):
        begin -= next(len(stop) for stop in stops if text.endswith(stop, left, begin))
    return _names(text, [c for c in _between(scene, left, begin) if c.end == begin])


def _between(scene: Scene, begin: int, end: int) -> tuple[Cue, ...]:
    """The cues that start at `begin` or behind it, and before `end`."""
    return scene.cues[bisect_left(scene.starts, begin) : bisect_left(scene.starts, end)]


def _names(text: str, cues: Sequence[Cue]) -> str:
    """The longest of the words of `cues` that are no frames."""
    return max((text[c.start : c.end] for c in cues if c.rule.kind != "frame"), key=len, default="")


def _takes_right(quantity: Quantity) -> bool:
    """Whether what follows the unit may name what is counted: 43盏路灯, but not 30万元用于…"""
    return quantity.measure not in ("yuan", "percent", "metres", "tonnes")


def _right(context: Context, rules: RuleSet, tokenise: Tokeniser) -> str:
    """The phrase directly after a classifier: 43盏|路灯, 121户|贫困户."""
    text, quantity = context.text, context.quantity
    if not _takes_right(quantity):
        return ""
    end = min(quantity.end + PHRASE, context.edges[1])
    cut = BREAK.search(text, quantity.end, end)
    window = text[quantity.end : cut.start() if cut else end].removeprefix(" ")
    if not window:
        return ""
    taken = ""
    for token in tokenise(window):
        if not token.tag.startswith(NOUN) or token.text in _words(rules, "verb"):
            break
        taken += token.text
    return taken.strip()


def _left(context: Context, rules: RuleSet, tokenise: Tokeniser) -> str:
    """The phrase before the number: 通组入户路|9400米; a bare verb where there is no noun: 脱贫|26户."""
    text, quantity = context.text, context.quantity
    begin = max(quantity.start - PHRASE, context.edges[0])
    marks = list(BREAK.finditer(text, begin, quantity.start))
    window = text[marks[-1].end() if marks else begin : quantity.start].rstrip()
    if not window:
        return ""
    verbs, stops = _words(rules, "verb"), _words(rules, "stop")
    taken: list[str] = []
    spare = ""
    for token in reversed(tokenise(window)):
        if not taken and token.text in stops:
            continue
        if token.text in verbs or not token.tag.startswith((*NOUN, "v")):
            if taken:
                break
            spare = spare or (token.text if token.tag.startswith("v") else "")
            continue
        taken.insert(0, token.text)
    return _without_stops("".join(taken).strip(), stops) or spare


def _without_stops(phrase: str, stops: tuple[str, ...]) -> str:
    """`phrase` without a closing stop word that stands inside its last word: 耕地面积 is one word of the dictionary."""
    return phrase.removesuffix(next((stop for stop in stops if phrase.endswith(stop) and stop != phrase), ""))
