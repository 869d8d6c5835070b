"""What a quantity counts, as the text names it: the shortest noun phrase beside the number."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import regex

from pipeline.records import Context, Quantity
from pipeline.rules import RuleSet
from pipeline.tokens import Tokeniser
from pipeline.topics.cues import Cue

# ICTCLAS tags that may stand in a noun phrase; v only between or after nouns (危房改造), m x for letters and names.
NOUN = ("n", "j", "l", "i", "eng", "b", "vn", "an", "s", "nz", "nt", "nr", "ns", "x", "t", "f", "z", "a")
PHRASE = 14  # longest noun phrase looked for, in characters
BREAK = regex.compile(r"[,，:：;；。!！?？\n()（）、“”\"'《》\[\]【】+]")


@lru_cache(maxsize=4)
def _words(rules: RuleSet, value: str) -> frozenset[str]:
    return frozenset(w for cue in rules.cues["subject"] if cue.value == value for w in cue.words)


def subject_of(context: Context, cues: Sequence[Cue], rules: RuleSet, tokenise: Tokeniser) -> str:
    """The noun phrase that names what the quantity counts; empty where its clause names nothing.

    `cues` are those of its sentence. A word of rules/topics that touches the number is the subject (路灯43盏); only
    where none does are the words beside the number cut.
    """
    known = _touching(context, cues, _words(rules, "stop"))
    if known:
        return known
    right = _right(context, rules, tokenise)
    return right or _left(context, rules, tokenise)


def _touching(context: Context, cues: Sequence[Cue], stops: frozenset[str]) -> str:
    """The longest cue that begins where the classifier ends, or that ends where the number begins."""
    text, quantity, (left, right) = context.text, context.quantity, _edges(context)
    begin = quantity.start
    while stop := next((s for s in stops if text.endswith(s, left, begin)), ""):
        begin -= len(stop)
    after = [c for c in cues if c.start == quantity.end and c.end <= right] if _takes_right(quantity) else []
    before = [c for c in cues if c.end == begin and c.start >= left]
    for touching in (after, before):
        names = [text[c.start : c.end] for c in touching if c.rule.kind != "frame"]
        if names:
            return max(names, key=len)
    return ""


def _edges(context: Context) -> tuple[int, int]:
    """Where the quantity before ends and the one after begins, or the sentence."""
    row, i = context.row, context.index
    left = row[i - 1].end if i else context.sentence.start
    return left, row[i + 1].start if i + 1 < len(row) else context.sentence.end


def _takes_right(quantity: Quantity) -> bool:
    """Whether what follows the unit may name what is counted: 43盏路灯, but not 30万元用于…"""
    return quantity.measure not in ("yuan", "percent", "metres", "tonnes")


def _right(context: Context, rules: RuleSet, tokenise: Tokeniser) -> str:
    """The phrase directly after a classifier: 43盏|路灯, 121户|贫困户."""
    text, quantity = context.text, context.quantity
    if not _takes_right(quantity):
        return ""
    end = min(quantity.end + PHRASE, _edges(context)[1])
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
    begin = max(quantity.start - PHRASE, _edges(context)[0])
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


def _without_stops(phrase: str, stops: frozenset[str]) -> str:
    """`phrase` without a closing stop word that stands inside its last word: 耕地面积 is one word of the dictionary."""
    longest = max((s for s in stops if phrase.endswith(s) and s != phrase), key=len, default="")
    return phrase.removesuffix(longest)
