"""Characters that only look like the usual ones: radicals of PDF files, symbols of Word's fonts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from pipeline.normalise.pairs import pairs_in
from pipeline.spans import Edit

# The blank of GBK's user-defined area, which Chinese editors write, and the bullets and ticks of Wingdings and Symbol.
PRIVATE = {
    "\ue5e5": "\u3000", "\uf06c": "●", "\uf06e": "■", "\uf075": "◆", "\uf076": "◆", "\uf0a7": "▪", "\uf0a8": "□",
    "\uf0b7": "•", "\uf0d8": "➢", "\uf0e0": "→", "\uf0fc": "✓", "\uf0fe": "☑",
}  # fmt: skip
# These, radicals and compatibility ideographs; elsewhere NFKC would turn （ into ( and ㎡ into m2.
FOLDED = re.compile(rf"[\u2e80-\u2fd5\uf900-\ufaff{''.join(PRIVATE)}]")


def lookalike(text: str) -> Iterator[Edit]:
    """⻄部 -> 西部, ⽤⽔ -> 用水: one character for one.

    Characters of private use are put right where their meaning is known; the others stay: nobody can tell what they
    were.
    """
    for m in FOLDED.finditer(text):
        char = m[0]
        plain = PRIVATE.get(char) or _radicals().get(char) or unicodedata.normalize("NFKC", char)
        if plain != char and len(plain) == 1:
            yield Edit(m.start(), m.end(), plain, "private_use" if char in PRIVATE else "lookalike")


@lru_cache(maxsize=1)
def _radicals() -> dict[str, str]:
    """Radicals that are whole characters and that Unicode does not fold: ⻓ -> 长."""
    return pairs_in("radicals")
