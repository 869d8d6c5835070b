"""What a quantity counts, as the text names it: the shortest noun phrase beside the number."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

import regex

from pipeline.records import Context, Quantity
from pipeline.rules import RuleSet
from pipeline.tokens import Tokeniser, Word
from pipeline.topics.cues import KINDS, Cues, cue_finder

# ICTCLAS tags that may stand in a noun phrase; v only between or after nouns (危房改造), m x for letters and names.
NOUN = ("n", "j", "l", "i", "eng", "b", "vn", "an", "s", "nz", "nt", "nr", "ns", "x", "t", "f", "z", "a")
PHRASE = 14  # longest noun phrase looked for, in characters
PEOPLE = frozenset({"households", "persons", "person_times", "other"})  # measures of what is counted, people mostly
BREAK = regex.compile(r"[,，:：;；。!！?？\n()（）、“”\"'《》\[\]【】+]")


@lru_cache(maxsize=8)
def _words(rules: RuleSet, value: str) -> tuple[str, ...]:
    """The words of rules/subject.toml with this value, the longest first."""
    words = {w for cue in rules.cues["subject"] if cue.value == value for w in cue.words}
    return tuple(sorted(words, key=lambda w: (-len(w), w)))


def subjects_of(contexts: Sequence[Context], cues: Cues, rules: RuleSet, tokenise: Tokeniser) -> list[str]:
    """The noun phrase that names what each quantity counts; empty where its clause names nothing.

    A word of rules/topics that touches the number is the subject (路灯43盏); only where none does are the words beside
    the number cut, first those behind it. `cues` are those of the file. A bare verb names what people were counted for
    (脱贫26户), but not what money or land is for (投资30万元).
    """
    verbs, stops = frozenset(_words(rules, "verb")), _words(rules, "stop")
    known = _cues_of(cues, rules)
    subjects = [_touching(context, known, verbs, stops) for context in contexts]
    for i, words in _cut(contexts, subjects, _right_window, tokenise):
        subjects[i] = _right(words, verbs)
    for i, words in _cut(contexts, subjects, _left_window, tokenise):
        subjects[i] = _left(words, verbs, stops)
    return [
        "" if subject in verbs and context.quantity.measure not in PEOPLE else subject
        for context, subject in zip(contexts, subjects, strict=True)
    ]


class Known(NamedTuple):
    """The cues of a file that may name something: where they start and end, and, by its end, where a noun starts."""

    starts: Sequence[int]
    ends: Sequence[int]
    nouns: Mapping[int, int]


def _cues_of(cues: Cues, rules: RuleSet) -> Known:
    kinds = cue_finder(rules).kinds[cues.rules]
    naming, noun = kinds != KINDS.index("frame"), (kinds == KINDS.index("thing")) | (kinds == KINDS.index("group"))
    nouns = dict(zip(cues.ends[noun].tolist(), cues.starts[noun].tolist(), strict=True))
    return Known(cues.starts[naming].tolist(), cues.ends[naming].tolist(), nouns)


def _cut(
    contexts: Sequence[Context], subjects: Sequence[str], window_of: Callable[[Context], str], tokenise: Tokeniser
) -> Iterator[tuple[int, tuple[Word, ...]]]:
    """The words of the windows of the quantities that have no subject yet, by their index."""
    windows = {i: window_of(contexts[i]) for i, subject in enumerate(subjects) if not subject}
    asked = [i for i, window in windows.items() if window]
    return zip(asked, tokenise([windows[i] for i in asked]), strict=True)


def _touching(context: Context, known: Known, verbs: frozenset[str], stops: tuple[str, ...]) -> str:
    """The longest cue that begins where the classifier ends, or that ends where the number begins.

    Before the number with the nouns directly before it: 贫困户|危房改造6户.
    """
    text, quantity, (left, right) = context.text, context.quantity, context.edges
    starts, ends, nouns = known
    if _takes_right(quantity):
        here = range(bisect_left(starts, quantity.end), bisect_left(starts, quantity.end + 1))
        end = max((ends[i] for i in here if ends[i] <= right), default=0)
        if end:
            return text[quantity.end : end]
    begin = quantity.start
    while text.endswith(stops, left, begin):
        begin -= next(len(stop) for stop in stops if text.endswith(stop, left, begin))
    here = range(bisect_left(starts, left), bisect_left(starts, begin))
    start = min((starts[i] for i in here if ends[i] == begin), default=begin)
    while start < begin and nouns.get(start, -1) >= left and text[nouns[start] : start] not in verbs:
        start = nouns[start]
    return text[start:begin]


def _takes_right(quantity: Quantity) -> bool:
    """Whether what follows the unit may name what is counted: 43盏路灯, but not 30万元用于…"""
    return quantity.measure not in ("yuan", "percent", "metres", "tonnes")


def _right_window(context: Context) -> str:
    """The text directly behind a classifier: 43盏|路灯, 121户|贫困户."""
    text, quantity = context.text, context.quantity
    if not _takes_right(quantity):
        return ""
    end = min(quantity.end + PHRASE, context.edges[1])
    cut = BREAK.search(text, quantity.end, end)
    return text[quantity.end : cut.start() if cut else end].removeprefix(" ")


def _right(words: Sequence[Word], verbs: frozenset[str]) -> str:
    """The phrase that the text behind a number begins with."""
    taken = takewhile(lambda word: word.tag.startswith(NOUN) and word.text not in verbs, words)
    return "".join([word.text for word in taken]).strip()


def _left_window(context: Context) -> str:
    """The text before the number: 通组入户路|9400米."""
    text, quantity = context.text, context.quantity
    begin = max(quantity.start - PHRASE, context.edges[0])
    marks = list(BREAK.finditer(text, begin, quantity.start))
    return text[marks[-1].end() if marks else begin : quantity.start].rstrip()


def _left(words: Sequence[Word], verbs: frozenset[str], stops: tuple[str, ...]) -> str:
    """The phrase that the text before a number ends with; a bare verb where there is no noun: 脱贫|26户."""
    taken: list[str] = []
    spare = ""
    for word in reversed(words):
        if not taken and word.text in stops:
            continue
        if word.text in verbs or not word.tag.startswith((*NOUN, "v")):
            if taken:
                break
            spare = spare or (word.text if word.tag.startswith("v") else "")
            continue
        taken.insert(0, word.text)
    return _without_stops("".join(taken).strip(), stops) or spare


def _without_stops(phrase: str, stops: tuple[str, ...]) -> str:
    """`phrase` without a closing stop word that stands inside its last word: 耕地面积 is one word of the dictionary."""
    return phrase.removesuffix(next((stop for stop in stops if phrase.endswith(stop) and stop != phrase), ""))
