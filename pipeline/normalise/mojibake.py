"""Text that was decoded twice: UTF-8 read as GBK or as Latin-1, GBK read as Latin-1, and saved like that.

The way back is exact: write the characters as the bytes that they were made from, and read these as what they are.
It is gone only where the result is clearly Chinese and what stands there clearly is not, so the few characters of a
clean text that happen to fit (é”…, ××××, 鏈條) stay. Where the first reading lost a byte (鎴? of 户, whose third byte
is no character of GBK) the character is lost and becomes U+FFFD: it is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.likeness import likeness, log_likelihood
from pipeline.spans import Edit

KIND = "double_decoding"
PROOF = 2  # Chinese characters that must come out
CLEAR = -10.5  # mean log frequency of what comes out, at least (reports have -8 to -9)
GAIN = 12.0  # how much likelier it must be than what stands there, in the logarithm
JUDGED = 500_000  # characters; no report is longer

# What Latin-1 and its Windows form show for the bytes from 80 on; Windows shows Latin-1's controls in its five holes.
LATIN = {chr(b): bytes([b]) for b in range(0x80, 0x100)}
LATIN |= {char: bytes([b]) for b in range(0x80, 0xA0) if (char := bytes([b]).decode("cp1252", "ignore"))}
GAP = b"\xff"  # a byte that is lost: nothing in the second reading has it

UTF8 = re.compile(
    rb"[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
    rb"|[\xe0-\xef][\x80-\xbf][\xff?]|[\xe0-\xef]\xff[\x80-\xbf]|\xff[\x80-\xbf]{2}"  # 户 as 鎴?
)
GBK = re.compile(rb"[\x00-\x7f]|[\x81-\xfe][\x40-\x7e\x80-\xfe]")
LONGEST = 4  # bytes of a character
LINE = re.compile(r"[^\n]+")
ODD = re.compile(r"[^\x00-\x7f×·°±§÷“”‘’…—–•€]")  # the others are marks of clean texts: ×××, ……, “—”
PLAUSIBLE = re.compile(
    r"[\t\x20-\x7e\xa0-\u0451\u1e00-\u9fff\uf900-\ufaff\ufe10-\ufe6f\uff00-\uffe6\ufeff\ufffd\U00020000-\U0003ffff]*"
)


class Route(NamedTuple):
    """One way in which text is decoded twice, and the way back."""

    name: str
    trigger: re.Pattern[str]  # two or three characters that hardly any clean text has in a row
    run: re.Pattern[str]  # a stretch that may be damaged
    bytes_of: Callable[[str, str, int], bytes]  # a character, the next, bytes before that wait for more -> its bytes
    tokens: re.Pattern[bytes]  # a character of the right reading
    codec: str


class Block(NamedTuple):
    """The smallest stretch that begins and ends with a character in both readings, and what it says in the right one.

    GBK shows 全村 (E5 85 A8 E6 9D 91) as three characters of two bytes: one block, no shorter one.
    """

    start: int
    end: int
    after: str


def double_decoding(text: str) -> Iterator[Edit]:
    """鍏ㄦ潙, å…¨æ‘ and È«´å -> 全村: whole texts, lines, or runs in a clean text."""
    found = {trigger for trigger in {r.trigger for r in routes()} if trigger.search(text, 0, JUDGED)}
    triggered = [route for route in routes() if route.trigger in found]
    mended: dict[str, list[Block]] = {route.name: [] for route in triggered}
    for line in LINE.finditer(text, 0, JUDGED) if triggered else ():
        if not line[0].isascii():
            ways = [(_line(text, line.start(), line.end(), route), route.name) for route in triggered]
            blocks, name = max(ways, key=lambda way: _gain(text, way[0]))
            mended[name] += blocks
    for blocks in mended.values():
        if _clear(text, [b for b in blocks if _proves(b.after)]):
            yield from (Edit(b.start, b.end, b.after, KIND) for b in blocks)


def _clear(text: str, proof: Sequence[Block]) -> bool:
    """Whether what blocks say together is clearly Chinese, and what stands there is not."""
    said = "".join(b.after for b in proof)
    han = sum("\u4e00" <= c <= "\u9fff" for c in said)
    return han >= PROOF and likeness(said) >= CLEAR and _gain(text, proof) >= GAIN


def _line(text: str, start: int, end: int, route: Route) -> list[Block]:
    """The blocks of one line that say something better: of the whole line if all of it was read wrongly, or of runs."""
    better = _whole(text, start, end, route)
    if not better:
        runs = (m.span() for m in route.run.finditer(text, start, end) if ODD.search(m[0]))
        better = [b for run in runs for b in _better(text, _in_step(text, *run, route))]
    return better if any(_proves(b.after) for b in better) or _gain(text, better) >= GAIN else []


def _whole(text: str, start: int, end: int, route: Route) -> list[Block]:
    """The changed blocks of a line in which every character belongs to one; [] if one does not."""
    blocks: list[Block] = []
    while start < end:
        block = _block(text, start, end, route) if text[start] > "\x7f" else Block(start, start + 1, text[start])
        if block is None or not PLAUSIBLE.fullmatch(block.after):
            return []
        if block.after != text[start : block.end]:
            blocks.append(block)
        start = block.end
    return blocks


def _better(text: str, run: Sequence[Block]) -> Iterator[Block]:
    """The blocks of a run that are likelier than what stands there.

    They must be clearly so where the run is no more than a letter that happens to fit (鏈條 朗l, ài 鄆).
    """
    sure = any(_proves(b.after) and not any(c <= "\x7f" for c in text[b.start : b.end]) for b in run)
    least = 0 if sure else GAIN / 2
    yield from (b for b in run if PLAUSIBLE.fullmatch(b.after) and _gain(text, [b]) > least)


def _proves(after: str) -> bool:
    """Whether a block is whole and holds nothing that may happen to fit: no lost byte, no letter."""
    return all(c > "\xff" and c != "\ufffd" for c in after)


def _in_step(text: str, start: int, end: int, route: Route) -> list[Block]:
    """The blocks of a run; a mark before it may look like its first byte (“ËÄ¸ö of “四个)."""
    first, second = (_blocks(text, at, end, route) for at in (start, start + 1))
    return first if _gain(text, first) >= _gain(text, second) else second


def _gain(text: str, blocks: Sequence[Block]) -> float:
    """How much likelier Chinese is what blocks say than what stands there."""
    return sum(log_likelihood(b.after) - log_likelihood(text[b.start : b.end]) for b in blocks)


def _blocks(text: str, start: int, end: int, route: Route) -> list[Block]:
    """The blocks of text[start:end], in order; ASCII between them and characters that fit in none are skipped."""
    blocks: list[Block] = []
    while start < end:
        block = _block(text, start, end, route) if text[start] > "\x7f" else None
        if block:
            blocks.append(block)
        start = block.end if block else start + 1
    return blocks


def _block(text: str, start: int, end: int, route: Route) -> Block | None:
    """The block that begins at `start`, if there is one."""
    data, after, at = b"", "", 0
    for i in range(start, end):
        data += route.bytes_of(text[i], text[i + 1 : i + 2], len(data) - at)
        while m := route.tokens.match(data, at):
            at = m.end()
            lost = GAP in m[0] or m[0][1:].endswith(b"?")
            after += "\ufffd" if lost else m[0].decode(route.codec, "replace")
        if at == len(data):
            return Block(start, i + 1, after)
        if len(data) - at >= LONGEST or at >= 4 * LONGEST:
            return None
    return None


@lru_cache(maxsize=1)
def routes() -> tuple[Route, ...]:
    """The three routes; built once."""
    latin = _escaped(LATIN)
    accents = re.compile(rf"[°-ô][{latin}]")
    lead, rest, last = (_escaped(chars) for chars in _gbk_classes())
    return (
        Route(
            "UTF-8 read as GBK",
            re.compile(rf"[{lead}](?:[{rest}][{last}]|€)"),
            re.compile(rf"[{lead}][{lead}{rest}{last}€\ufffd?]+"),
            _gbk_bytes, UTF8, "utf-8",
        ),
        Route(
            "UTF-8 read as Latin",
            accents, re.compile(rf"[Â-ô][{latin}\ufffd?]+"), _latin_bytes, UTF8, "utf-8",
        ),
        Route(
            "GBK read as Latin",
            accents, re.compile(rf"[{latin}][{latin}@-~]+"), _latin_bytes, GBK, "gb18030",
        ),
    )  # fmt: skip


def _escaped(chars: Iterable[str]) -> str:
    """`chars` as the inside of a character class."""
    return "".join(map(re.escape, chars))


def _gbk_classes() -> tuple[str, str, str]:
    """What GBK shows for the first, second and third two bytes of two characters of UTF-8 (E585, A8E6, 9D91)."""
    leads, rests = range(0xE2, 0xF0), range(0x80, 0xC0)
    return _cells(leads, rests), _cells(rests, leads), _cells(rests, (*rests, *range(0x40, 0x7F)))


def _cells(firsts: Iterable[int], seconds: Iterable[int]) -> str:
    pairs = [bytes((a, b)) for a in firsts for b in seconds]
    return "".join(pair.decode("gb18030", "ignore") for pair in pairs)


def _gbk_bytes(char: str, following: str, waiting: int) -> bytes:
    """The bytes of a character in GBK as browsers and Windows know it.

    80 is a euro sign there, and so is A2E3, which stands before 80 where a 、 is cut: 一 is 涓€, 面、 is 闈€€.
    """
    if char == "€":
        return b"\xa2\xe3" if waiting == 2 and following == "€" else b"\x80"
    return GAP if char == "\ufffd" else char.encode("gb18030", "replace")


def _latin_bytes(char: str, following: str, waiting: int) -> bytes:
    """The byte that Latin-1 or its Windows form shows as `char`; what stands beside it does not matter."""
    return LATIN.get(char) or (char.encode() if char < "\x80" else GAP)
