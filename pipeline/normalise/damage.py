"""Damage done by websites: pinyin injected after characters, and GBK text that lost a byte."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from pipeline.numerals import to_chinese
from pipeline.spans import Edit

TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿê"
GLOSS = regex.compile(rf"(?<=\p{{Han}})[（(](?=[a-zü]{{0,5}}[{TONED}])[a-zü{TONED}]{{1,6}}[)）]")

OPEN, CLOSE = "（".encode("gb18030"), "）".encode("gb18030")
TAIL = 24  # characters after a shifted enumerator within which the text must fall into step again


def gloss(text: str) -> Iterator[Edit]:
    """統(tǒng)一 -> 統一: a reading in brackets behind its character; (GDP) and (A级) have no tone mark and stay."""
    if "(" in text or "（" in text:
        for m in GLOSS.finditer(text):
            yield Edit(m.start(), m.end(), "", "gloss")


def _shown(pair: bytes) -> str:
    """What a site shows for two bytes: the character, or nothing where GBK has none."""
    try:
        char = pair.decode("gbk")
    except UnicodeDecodeError:
        return ""
    return char if len(char) == 1 and not "\ue000" <= char <= "\uf8ff" else ""


def _shifted_heads() -> dict[str, str]:
    """What （一） to （十） look like once an alien byte slid before them: 。ㄒ唬 for （一）."""
    heads = {}
    for n in range(1, 11):
        whole = b"\xa1" + OPEN + to_chinese(n).encode("gb18030") + CLOSE
        heads["".join(_shown(whole[i : i + 2]) for i in range(0, 6, 2))] = "（" + to_chinese(n) + "）"
    return heads


HEADS = _shifted_heads()
# What follows is the last byte of ） with the first byte of the heading: box-drawing characters, in row A9 of GBK.
SHIFTED = regex.compile(
    rf"^[\s\u3000]{{0,8}}(?P<head>{'|'.join(sorted(HEADS, key=len, reverse=True))})(?P<tail>[^\n]{{1,{TAIL}}})",
    regex.MULTILINE,
)
IN_STEP = regex.compile(r"[\p{Han}，、：“”]++")


def byte_shift(text: str) -> Iterator[Edit]:
    """。ㄒ唬┘訌娊M織 -> （一）加強組織: a line of GBK whose enumerator was pushed out of step by one byte.

    The enumerator is certain; the text after it is repaired up to the ASCII character that puts it in step again
    (the M of 娊M, trail byte of 組), and only if that gives characters throughout. Else one character, which holds the
    last byte of the bracket, is dropped and the rest stays as it is.
    """
    for m in SHIFTED.finditer(text):
        first = m["tail"][0]
        lead = first.encode("gb18030", "replace")
        if len(m["head"]) == 1 and lead[0] != CLOSE[1]:
            continue  # an ordinary line that opens with a stop
        end, repaired = _in_step(m["tail"])
        if lead[0] != CLOSE[1]:
            end, repaired = 0, ""
        yield Edit(m.start("head"), m.start("tail") + end, HEADS[m["head"]] + repaired, "byte_shift")


def _in_step(tail: str) -> tuple[int, str]:
    """How many characters of a shifted tail can be repaired, and what they are; (1, "") if none."""
    stop = regex.search(r"[@-~]", tail)
    if stop:
        data = tail[: stop.end()].encode("gb18030", "replace")[1:]
        try:
            repaired = data.decode("gbk")
        except UnicodeDecodeError:
            return 1, ""
        if IN_STEP.fullmatch(repaired):
            return stop.end(), repaired
    return 1, ""
