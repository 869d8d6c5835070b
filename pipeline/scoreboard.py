"""Scores as tables of text, ready to be printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.evaluate import (
    F1,
    LEVELS,
    FileScore,
    Judged,
    around,
    attributes,
    by_group,
    changes,
    confusions,
    level,
    structure,
    topic_pairs,
)
from pipeline.gold import Row
from pipeline.moves import Move

# The attributes of a number whose gains and losses are told when a rule is tried.
TRIED = ("topic", "status", "basis", "role", "period", "part_of", "measure", "value", "qualifier", "subject")


@dataclass(frozen=True)
class Board:
    """A table: `numbers` are the columns that hold figures."""

    title: str
    columns: tuple[str, ...]
    numbers: frozenset[int]
    rows: tuple[tuple[str, ...], ...]


def boards(scores: Sequence[FileScore]) -> Iterator[Board]:
    """All that make evaluate prints."""
    yield Board(
        "Scores", ("level", "precision", "recall", "F1", "in gold"), frozenset(range(1, 5)), tuple(_levels(scores))
    )
    accuracy = tuple((name, f"{value:.4f}") for name, value in attributes(scores).items())
    yield Board("Attributes of the quantities found", ("attribute", "accuracy"), frozenset({1}), accuracy)
    for group in ("measure", "topic"):
        rows = tuple(
            (name, *(f"{f.f1:.3f}" for f in three), str(three[0].gold))
            for name, three in by_group(scores, group).items()
        )
        yield Board(f"F1 by {group}", (group, *LEVELS, "in gold"), frozenset(range(1, 5)), rows)
    rows = tuple((str(c.count), c.attribute, c.gold, c.found, c.example) for c in confusions(scores))
    yield Board("The 20 commonest confusions", ("times", "attribute", "gold", "found", "such as"), frozenset({0}), rows)


def pairs_board(scores: Sequence[FileScore], most: int = 20) -> Board:
    """The topics most often taken for another."""
    pairs = topic_pairs(scores)
    gold: Counter[str] = Counter()
    for (topic, _), n in pairs.items():
        gold[topic] += n
    wrong = Counter({pair: n for pair, n in pairs.items() if pair[0] != pair[1]})
    rows = tuple((str(n), g, f, f"{n / gold[g]:.1%}") for (g, f), n in wrong.most_common(most))
    title = f"Topics taken for another: {wrong.total()} of {pairs.total()} quantities; the commonest pairs"
    return Board(title, ("times", "gold", "found", "of the gold's"), frozenset({0, 3}), rows)


def topics_board(title: str, ways: Mapping[str, Sequence[FileScore]]) -> Board:
    """What each way of deciding topics scores: its name -> the scores of the gold files."""
    rows = tuple(
        (way, *(f"{level(scores, name, core=core).f1:.4f}" for name in LEVELS[1:] for core in (False, True)))
        for way, scores in ways.items()
    )
    columns = ("topics decided by", *(f"{name}{core}" for name in LEVELS[1:] for core in (" F1", " F1 core")))
    return Board(title, columns, frozenset(range(1, 5)), rows)


def _levels(scores: Sequence[FileScore]) -> Iterator[tuple[str, ...]]:
    for name in LEVELS:
        for core in (False, True):
            yield _line(f"{name}{' core' if core else ''}", level(scores, name, core=core))
    yield _line("sections", structure(scores, "sections"))
    yield _line("kind of sections found", structure(scores, "kinds"))
    yield _line("reports", structure(scores, "reports"))


def _line(name: str, f: F1) -> tuple[str, ...]:
    return name, f"{f.precision:.4f}", f"{f.recall:.4f}", f"{f.f1:.4f}", str(f.gold)


def scores_board(before: Mapping[str, FileScore], after: Mapping[str, FileScore]) -> Board:
    """The scores of two runs side by side."""
    old, new = list(before.values()), list(after.values())
    rows = [
        (was[0], was[3], now[3], f"{float(now[3]) - float(was[3]):+.4f}")
        for was, now in zip(_levels(old), _levels(new), strict=True)
    ]
    return Board("F1 before and after", ("level", "before", "after", "change"), frozenset({1, 2, 3}), tuple(rows))


def change_boards(before: Mapping[str, FileScore], after: Mapping[str, FileScore], most: int) -> Iterator[Board]:
    """What make compare prints: the scores side by side, then the rows that were gained and lost."""
    yield scores_board(before, after)
    for name in LEVELS:
        gains, losses = changes(before, after, name)
        for title, judged in (("gained", gains), ("lost", losses)):
            if judged:
                listed = tuple(_row(j) for j in judged[:most])
                yield Board(
                    f"{name}: {len(judged)} {title}",
                    ("row", "number", "gold", "found", "sentence"),
                    frozenset(),
                    listed,
                )


def move_boards(moves: Sequence[Move], most: int) -> Iterator[Board]:
    """How many values would move in each column, and the first of them, the rarest kinds of move first."""
    columns = Counter(m.column for m in moves)
    counts = tuple((column, str(n), str(len({m.source for m in moves if m.column == column})))
                   for column, n in columns.most_common())  # fmt: skip
    yield Board(f"{len(moves)} values move", ("column", "values", "files"), frozenset({1, 2}), counts)
    if not moves:
        return
    kinds = Counter((m.column, m.before, m.after) for m in moves)
    listed = sorted(moves, key=lambda m: (kinds[m.column, m.before, m.after], m.column))[:most]
    rows = tuple((m.source, m.text, m.column, f"{m.before} -> {m.after}", m.excerpt) for m in listed)
    title = "What moves" if len(rows) == len(moves) else f"What moves: {len(rows)} of {len(moves)}, --most shows more"
    yield Board(title, ("file", "text", "column", "before -> after", "around it"), frozenset(), rows)


def gain_boards(before: Mapping[str, FileScore], after: Mapping[str, FileScore], most: int) -> Iterator[Board]:
    """The numbers of the gold that become right or wrong, by attribute, and the first of them, losses first."""
    was = {j.gold: j.found for score in before.values() for j in score.judged}
    quotes = {row.id: row.quote for scores in (before, after) for score in scores.values() for row in score.found}
    quotes |= {gold.id: gold.quote for gold in was}

    def said(row: Row | None, name: str) -> str:
        if row is None:
            return "not found"
        value = getattr(row, name)
        return quotes.get(value, value) if name == "part_of" else str(value)

    counts: list[tuple[str, ...]] = []
    rows: list[tuple[str, ...]] = []
    for name in TRIED:
        gains, losses = changes(before, after, name)
        counts.append((name, str(len(gains)), str(len(losses))))
        for verdict, judged in (("wrong", losses), ("right", gains)):
            rows += [
                (verdict, j.gold.quote, name, said(j.gold, name), f"{said(was[j.gold], name)} -> {said(j.found, name)}",
                 around(j.found) if j.found else "")
                for j in judged
            ]  # fmt: skip
    title = "Numbers of the gold that become right or wrong"
    yield Board(title, ("attribute", "right", "wrong"), frozenset({1, 2}), tuple(counts))
    if rows:
        columns = ("becomes", "number", "attribute", "in gold", "before -> after", "sentence")
        yield Board(
            "Losses, then gains", columns, frozenset(), tuple(sorted(rows, key=lambda r: r[0] == "right")[:most])
        )


def _row(j: Judged) -> tuple[str, ...]:
    def said(row: object) -> str:
        return " ".join(str(getattr(row, a)) for a in ("topic", "basis", "status", "role", "period"))

    found = said(j.found) if j.found else "not found"
    return j.gold.id, j.gold.quote, said(j.gold), found, j.found.sentence[:60] if j.found else ""
