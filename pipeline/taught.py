"""The sentences of rules/taught, written to teach the topic scorer beside the gold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import regex

from pipeline.errors import RuleError
from pipeline.extract import evidence_of, read_quantities
from pipeline.gold import match
from pipeline.records import RawText
from pipeline.rules import RuleSet
from pipeline.topics.cues import PLACE
from pipeline.train import Example

MARK = regex.compile(r"<([^<>|\n]{1,40})\|([a-z_]{1,30})>")


def taught_in(folder: Path, rules: RuleSet) -> list[Example]:
    """The sentences of `folder`/*.txt, written to teach topics: every number marked as <192户|registered_poor>.

    A line that opens with "# " is the heading of the lines after it; an empty line ends the report they stand in.

    Raises RuleError for a topic that is not of the closed list, or a mark that holds no quantity.
    """
    return [
        _taught(path, number, block, rules) for path in sorted(folder.glob("*.txt")) for number, block in _blocks(path)
    ]


def _blocks(path: Path) -> Iterator[tuple[int, str]]:
    """The reports of a file, each with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*path.read_text("utf-8").splitlines(), ""], 1):
        if block and not line.strip():
            yield number - len(block), "\n".join(block)
            block = []
        if line.strip():
            block.append(line.removeprefix("# "))


def _taught(path: Path, line: int, block: str, rules: RuleSet) -> Example:
    pieces = MARK.split(block)  # plain, number, topic, plain, …
    text = "".join(piece for i, piece in enumerate(pieces) if i % 3 != 2)
    raw = RawText(path.name, text, "", len(text), "txt", "utf-8", "taught")
    normal, _, _, contexts = read_quantities(raw, rules)
    spans = [normal.offsets.span(c.quantity.start, c.quantity.end) for c in contexts]
    marked: list[tuple[int, int]] = []
    at = 0
    for plain, number in zip(pieces[::3], [*pieces[1::3], ""], strict=True):
        at += len(plain)
        marked.append((at, at + len(number)))
        at += len(number)
    topics: list[str | None] = [None] * len(contexts)
    for topic, i in zip(pieces[2::3], match(marked[:-1], spans), strict=True):
        if topic not in PLACE:
            raise RuleError(f"{path}: line {line}: {topic} is no topic; tests/gold/README.md, part 4, lists them")
        if i is not None:
            topics[i] = topic
    return Example(f"{path.name}:{line}", tuple(evidence_of(contexts, rules)), tuple(topics))
