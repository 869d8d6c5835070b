"""Traditional to simplified characters, one for one.

OpenCC's t2s does most of it and keeps the length of every text (tests/test_fixers.py proves it over all code points).
Four things are ours: Japanese and variant forms that scans and old fonts bring in and t2s leaves; 著, which stands for
着 in traditional texts; characters that are also simplified ones and stay in simplified texts (乾县); and characters
whose simplified form no common font shows, which official place names keep (輋).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache

from opencc import OpenCC

from pipeline.lexicon import index, written
from pipeline.normalise.pairs import pairs_in
from pipeline.spans import Edit

ZHU, ZHE = chr(0x8457), chr(0x7740)  # 著, 着
EITHER = re.compile(f"[{ZHU}{ZHE}]")
HAN = [chr(c) for block in ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00)) for c in range(*block)]
HANT, MIXED = 0.12, 0.008  # shares of traditional characters above which a text is traditional, or mixed


@lru_cache(maxsize=2)
def _converter(name: str) -> OpenCC:
    return OpenCC(name)


@lru_cache(maxsize=1)
def _variants() -> Mapping[str, str]:
    """Forms that t2s leaves and no simplified text has: 増 -> 增, 両 -> 两, 衞 -> 卫."""
    text = "\n".join(HAN)  # one a line, or neighbours would be taken for words
    kept = _converter("t2s").convert(text).split("\n")
    plain = _converter("t2s").convert(_converter("jp2t").convert(text)).split("\n")
    pairs = {a: c for a, b, c in zip(HAN, kept, plain, strict=True) if a == b != c and not _simplified(a)}
    return {a: b for a, b in {**pairs, **pairs_in("characters")}.items() if a != b and _simplified(b)}


@lru_cache(maxsize=1)
def _both() -> frozenset[str]:
    """Characters that are traditional and simplified ones."""
    return frozenset(a for a, b in pairs_in("characters").items() if a == b)


def _simplified(char: str) -> bool:
    """Whether GB2312, the set of simplified characters, has `char`."""
    return bool(char.encode("gb2312", "ignore"))


@lru_cache(maxsize=1)
def _traditional() -> re.Pattern[str]:
    """A class of every character that the conversion can change (re finds it 300 times faster than regex)."""
    plain = _converter("t2s").convert("\n".join(HAN)).split("\n")
    changed = [a for a, b in zip(HAN, plain, strict=True) if a != b]
    return re.compile("[" + "".join(changed) + "".join(_variants()) + r"\U00020000-\U0003ffff]")


@lru_cache(maxsize=1)
def _variant() -> re.Pattern[str]:
    return re.compile("[" + "".join(_variants()) + "]")


def simplified(text: str) -> str:
    """`text` in simplified characters, as long as it was; for counting words, where it matters little which."""
    return _convert(text) if _traditional().search(text) else text


def _convert(text: str) -> str:
    """`text` in simplified characters, as long as it was."""
    plain: str = _converter("t2s").convert(text)
    return _variant().sub(lambda m: _variants()[m[0]], plain)


def simplify(text: str) -> Iterator[Edit]:
    """統一 -> 统一: one edit for each run of changed characters."""
    if not _traditional().search(text):
        return
    changed, aspects = list[tuple[int, str]](), list[tuple[int, str]]()
    traditional, both = _traditional(), _both()
    at = 0
    for line in text.split("\n"):  # no word crosses a line, and lines without traditional characters cost nothing
        if traditional.search(line):
            plain = _convert(line)
            changed += [(at + i, b) for i, (a, b) in enumerate(zip(line, plain, strict=True)) if a != b <= "\uffff"]
            aspects += [(at + m.start(), ZHE) for m in re.finditer(ZHU, line) if _aspect(plain, m.start())]
        at += len(line) + 1
    script = script_of(sum(text[i] not in both for i, _ in changed), len(text))
    if script == "hans":
        changed = [(i, b) for i, b in changed if text[i] not in both]
    elif script == "hant":
        changed = sorted([*changed, *aspects])
    begin, run = 0, ""
    for at, char in changed:
        if at == begin + len(run):
            run += char
            continue
        if run:
            yield Edit(begin, begin + len(run), run, "traditional")
        begin, run = at, char
    if run:
        yield Edit(begin, begin + len(run), run, "traditional")


def _aspect(plain: str, at: int) -> bool:
    """Whether the 著 at `at` is the simplified 着: 沿著, 著力, but not 顯著, 著名."""
    before, after = plain[max(0, at - 1) : at], plain[at + 1 : at + 2]
    pairs, next_word = _pairs(), plain[at + 1 : at + 3]
    behind = pairs[ZHU + after]
    if behind:  # 發揮著|作用, no 著作
        as_word = pairs[next_word] + (index().times(next_word) if len(next_word) == 2 else 0)
        behind = behind if behind > as_word else 0
    return pairs[before + ZHU] + behind <= pairs[before + ZHE] + pairs[ZHE + after]


@lru_cache(maxsize=1)
def _pairs() -> Counter[str]:
    """How often 著 and 着 stand beside each character, by jieba's dictionary (it is simplified)."""
    pairs: Counter[str] = Counter()
    text, at = written(), 0
    while m := EITHER.search(text, at):
        begin, at = text.rfind("\n", 0, m.start()) + 1, text.index("\n", m.start())
        word, count, _ = text[begin:at].split(" ")
        for i in range(len(word) - 1):
            pairs[word[i : i + 2]] += int(count)
    return pairs


def script_of(traditional: int, length: int) -> str:
    """hans, hant or mixed, by how many of a text's characters were traditional.

    In traditional texts about a third of the characters differ from simplified ones; quotes in a simplified text few.
    """
    share = traditional / max(1, length)
    return "hant" if share > HANT else "mixed" if share > MIXED else "hans"
