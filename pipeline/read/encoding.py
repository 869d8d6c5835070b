"""Which encoding a file is in: its byte order mark, else valid UTF-8, else the reading that is the likeliest Chinese.

Every candidate must explain the same bytes, so the sums of the log frequencies of their characters are compared, not
the means: a wrong reading of UTF-8 as GBK has half as many characters again, and each of them is rarer. Statistical
detectors (chardet, charset-normalizer) fail once one byte is damaged.
"""

from __future__ import annotations

import codecs
import re

from pipeline.errors import ReadError
from pipeline.likeness import likeness, log_likelihood

# The codec by which Python reads a marked file without its mark.
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CANDIDATES = ("utf-8", "gb18030", "big5hkscs", "utf-16-le", "utf-16-be")
TELLING = re.compile(rb"[\x00\x80-\xff]")  # before the first of these bytes all candidates but UTF-16 agree
WINDOW = 8192  # bytes
WORST = -13.0  # a reading with a mean log frequency below this is no Chinese text
MOST_LOST = 0.2  # share of undecodable characters above which a file is not what it seems
STRETCH = 16  # characters of UTF-16 that are judged together
JUDGED = 1_000_000  # characters: no report is longer


def decode(data: bytes, source: str) -> tuple[str, str, str]:
    """The text of `data`, the codec that gives exactly this text, and how it was found.

    Undecodable bytes become U+FFFD and are counted in the third value. Raises ReadError if the bytes are no text, or
    if they are UTF-16 out of step.
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            return _lenient(data, name, "byte order mark", source)
    if b"\0" not in data:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            if _surely_utf8(text, data):
                return text, "utf-8", "valid UTF-8" + _lost_before(text)
    name, score = likeliest(data)
    if score < WORST:
        raise ReadError(f"{source}: this is no text in any known encoding (binary data?); save it as .txt in UTF-8")
    return _lenient(data, name, f"character frequencies ({score:.1f})", source)


def likeliest(data: bytes) -> tuple[str, float]:
    """The codec whose reading of a window of `data` is the likeliest Chinese, and the mean log frequency of that."""
    first = TELLING.search(data)
    start = max(0, first.start() - 2) // 2 * 2 if first else 0  # even: UTF-16 must stay in step
    window = data[start : start + WINDOW]
    readings = {name: _reading(window, name) for name in CANDIDATES}
    best = max(CANDIDATES, key=lambda name: log_likelihood(readings[name]))
    return best, likeness(readings[best])


def _reading(window: bytes, name: str) -> str:
    """What `window` says in a codec; a character that its end cuts off is no damage."""
    return codecs.getincrementaldecoder(name)("replace").decode(window)


def _surely_utf8(text: str, data: bytes) -> bool:
    """Whether valid UTF-8 cannot be something else: a few characters of GBK may happen to be valid too.

    They are then read as Cyrillic, Hebrew or Arabic letters, never as Chinese.
    """
    if text.isascii() or max(text) >= "\u0800":
        return True
    name, score = likeliest(data)
    return name == "utf-8" or score < WORST


def _lost_before(text: str) -> str:
    lost = text.count("\ufffd")
    return f", {lost} lost before it was saved" if lost else ""


def _lenient(data: bytes, name: str, how: str, source: str) -> tuple[str, str, str]:
    text = data.decode(name, "replace")
    lost = text.count("\ufffd")
    if lost > MOST_LOST * len(text):
        raise ReadError(f"{source}: {lost} of {len(text)} characters cannot be read as {name}; save it again in UTF-8")
    if name.startswith("utf-16") and (at := _out_of_step(text)):
        raise ReadError(
            f"{source}: a byte of this UTF-16 file is lost or added near character {at}, so the rest is no text; "
            "collect it again in UTF-8"
        )
    return text, name, how + (f", {lost} undecodable" if lost else "")


def _out_of_step(text: str) -> int:
    """Where a text in UTF-16 turns into its other byte order, out of step by one byte; 0 if it does not.

    One lost byte does that to all that follows it, and every pair of bytes is still a character.
    """
    for at in range(0, min(len(text), JUDGED), STRETCH):
        piece = text[at : at + STRETCH]
        if likeness(piece) < WORST:
            turned = piece.encode("utf-16-be", "surrogatepass").decode("utf-16-le", "replace")
            if likeness(turned) > likeness(piece) + 2:
                return at + 1
    return 0
