"""Which encoding a web page is in: a byte order mark or valid UTF-8 first, then what the page says of itself if that
can be so, then the likeness to Chinese (encoding.py).

What a page says is often untrue: many a page in UTF-8 still says gb2312, from the template it was copied from.
"""

from __future__ import annotations

import re

from pipeline.read.encoding import decode

HEAD = 4096
MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
DECLARED = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s{0,3}=[\s\"']{0,4}([A-Za-z0-9_-]{2,20})", re.IGNORECASE
)
# The wider encoding that holds what pages under these names really contain (WHATWG Encoding Standard, 4.2).
MEANT = {
    "gb2312": "gb18030", "gb_2312-80": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb18030": "gb18030",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs",
}  # fmt: skip
TAG = re.compile(rb"<(?:script|style)\b.{0,100000}?</(?:script|style)>|<[^<>]{0,5000}>", re.IGNORECASE | re.DOTALL)


def decode_page(data: bytes, source: str) -> tuple[str, str, str]:
    """The text of a page with its tags, its encoding, and how that was found.

    Raises ReadError if the bytes are no text.
    """
    declared = DECLARED.search(data[:HEAD])
    name = MEANT.get(declared[1].decode().lower(), "") if declared else ""
    if name and not data.startswith(MARKS) and not _is(data, "utf-8") and _is(data, name):
        return data.decode(name), name, "declared by the page"
    text, encoding, how = decode(data, source)
    if how.startswith("character"):  # tags would outweigh the text in the first kilobytes
        encoding, how = decode(TAG.sub(b" ", data), source)[1:]
        text = data.decode(encoding, "replace")
    return text, encoding, how


def _is(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
