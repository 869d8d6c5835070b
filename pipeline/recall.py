"""Parsed rules files and compiled patterns, kept in a file between runs: to make them anew takes 0.4 s of every run.

Both hang on nothing but their text and the libraries that make them, which the file names: what is kept cannot be
stale. The checks of rules.py are made every time. A file that is damaged or of other libraries is left aside, and
everything is made anew. It is JSON; a pattern is kept as the numbers that `regex` hands out to be copied.
"""

from __future__ import annotations

import base64
import copyreg
import hashlib
import json
import sys
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import regex

MAKERS = f"1 {sys.version} regex {regex.__version__}"  # the first number: of the form of the file

_documents: dict[str, dict[str, object]] = {}  # digest of the text -> what it says
_patterns: dict[str, regex.Pattern[str]] = {}
_recalled: dict[str, object] = {}  # pattern -> its numbers, of those that were not asked for yet
_kept: set[str] = set()  # what stands in the file


def parsed(text: str) -> dict[str, object]:
    """The content of a TOML text. Raises tomllib.TOMLDecodeError."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    if digest not in _documents:
        _documents[digest] = tomllib.loads(text)
    return _documents[digest]


def compiled(pattern: str) -> regex.Pattern[str]:
    """The compiled pattern. Raises regex.error."""
    if pattern not in _patterns:
        _patterns[pattern] = _again(pattern) or regex.compile(pattern)
    return _patterns[pattern]


def _again(pattern: str) -> regex.Pattern[str] | None:
    """The pattern of what is kept of it; None if nothing is, or it does not fit."""
    with suppress(KeyError, TypeError, ValueError, RuntimeError):
        make, _ = _taken_apart(regex.compile(""))
        parts: Any = _from_json(_recalled[pattern])
        made: regex.Pattern[str] = make(*parts)
        return made
    return None


def recall(path: Path) -> None:
    """Takes up what `keep` wrote, if it is there and whole; once per process."""
    if _kept or not path.exists():
        return
    with suppress(OSError, ValueError, KeyError, TypeError):
        digest, content = path.read_bytes().split(b"\n", 1)
        if digest.decode() != hashlib.sha256(content).hexdigest():
            return
        found = json.loads(content)
        if found["makers"] == MAKERS:
            _documents.update(found["documents"])
            _recalled.update(found["patterns"])
            _kept.update(_documents, _recalled)


def keep(path: Path, draft: Path) -> None:
    """Writes what this process has made of rules to `path`, by way of `draft`, if not all of it stands there."""
    if _kept >= {*_documents, *_patterns}:
        return
    # Dates in TOML do not fit into JSON; and a run does not fail because it leaves nothing for the next one.
    with suppress(OSError, TypeError, ValueError):
        patterns = {text: _to_json(_taken_apart(pattern)[1]) for text, pattern in _patterns.items()}
        others = _recalled if _kept >= {*_documents} else {}  # of the same rules, not needed this time
        found = {"makers": MAKERS, "documents": _documents, "patterns": {**others, **patterns}}
        content = json.dumps(found, ensure_ascii=False).encode()
        draft.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
        draft.replace(path)
    _kept.update(_documents, _patterns)


def _taken_apart(pattern: regex.Pattern[str]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """What makes a pattern, and of what: registered by `regex` for those who copy objects."""
    taken = copyreg.dispatch_table[type(pattern)](pattern)
    if isinstance(taken, str):
        raise TypeError("a pattern is copied by its name")
    return taken[:2]


def _to_json(thing: object) -> object:
    """`thing` in lists that begin with the kind of what follows, where JSON does not have that kind."""
    if isinstance(thing, bytes):
        return ["bytes", base64.b64encode(thing).decode()]
    if isinstance(thing, dict):
        return ["dict", [[_to_json(key), _to_json(value)] for key, value in thing.items()]]
    if isinstance(thing, (list, tuple)):
        return ["tuple" if isinstance(thing, tuple) else "list", [_to_json(part) for part in thing]]
    return thing


def _from_json(thing: object) -> object:
    """The reverse of `_to_json`."""
    if not isinstance(thing, list):
        return thing
    kind, parts = thing
    if kind == "bytes":
        return base64.b64decode(parts)
    if kind == "dict":
        return {_from_json(key): _from_json(value) for key, value in parts}
    return tuple(map(_from_json, parts)) if kind == "tuple" else list(map(_from_json, parts))
