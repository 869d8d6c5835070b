"""The annotated reports: gold files read into records, and matched with what the chain found."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.errors import OptionError

OVERLAP = 0.5  # share of the joint span that two spans must have in common to be the same number


@dataclass(frozen=True, slots=True)
class Row:
    """One number, annotated or found; the fields are those of tests/gold/README.md, part 2."""

    id: str
    start: int
    end: int
    quote: str
    value: float | None
    low: float | None
    high: float | None
    qualifier: str
    masked: bool
    measure: str
    topic: str
    basis: str
    status: str
    role: str
    period: str
    part_of: str
    subject: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A section heading: its offset, its level, and the kind of its section."""

    start: int
    line_start: int
    level: int
    kind: str


@dataclass(frozen=True, slots=True)
class GoldFile:
    """An annotated file, or the annotated stretch [begin, end) of one."""

    name: str  # of the gold file, without .json
    path: Path  # of the raw text
    begin: int
    end: int
    rows: tuple[Row, ...]
    headings: tuple[Heading, ...]
    reports: tuple[int, ...]  # where each begins


def load_gold(folder: Path, raws: Sequence[Path]) -> tuple[GoldFile, ...]:
    """The gold files of `folder`/json; their raw texts lie in `folder`/raw or one of `raws`.

    Raises OptionError if there is no gold, a file is malformed, or a raw text is missing.
    """
    paths = sorted((folder / "json").glob("*.json"))
    if not paths:
        raise OptionError(f"{folder}: there are no annotated reports in its folder json; give the folder with --gold")
    return tuple(_load(path, (folder / "raw", *raws)) for path in paths)


def _load(path: Path, raws: Sequence[Path]) -> GoldFile:
    try:
        data = json.loads(path.read_text("utf-8"))
        raw = next((r / data["raw"] for r in raws if (r / data["raw"]).is_file()), None)
        if raw is None:
            raise OptionError(f"{path}: its raw text {data['raw']} is in none of {', '.join(map(str, raws))}")
        rows = tuple(
            Row(o["id"], o["start"], o["end"], o["quote"], o["value"], o["low"], o["high"], o["qualifier"], o["masked"],
                o["measure"], o["topic"], o["basis"], o["status"], o["role"], o["period"] or "", o["part_of"] or "",
                o.get("subject") or "")
            for o in data["observations"]
        )  # fmt: skip
        headings = tuple(Heading(s["start"], s["line_start"], s["level"], s["kind"]) for s in data["sections"])
        return GoldFile(
            path.stem, raw, data["begin"], data["end"], rows, headings, tuple(r["start"] for r in data["reports"])
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise OptionError(
            f"{path}: this is no gold file ({error}); tests/gold/README.md describes the format"
        ) from None


def found_rows(observations: pd.DataFrame) -> list[Row]:
    """The rows of an `observations` table as records, with the same words for what is missing as the gold."""
    missing: dict[str, Any] = {"value": None, "low": None, "high": None, "period": "", "part_of": ""}
    columns = {"observation_id": "id", "raw_start": "start", "raw_end": "end", "raw_text": "quote"}
    table = observations.rename(columns=columns)[[f.name for f in fields(Row)]].astype(object)
    records: list[dict[str, Any]] = table.where(table.notna(), None).to_dict("records")  # type: ignore[assignment]
    filled: list[dict[str, Any]] = [{k: missing.get(k) if v is None else v for k, v in r.items()} for r in records]
    return [Row(**r) for r in filled]


def match(gold: Sequence[tuple[int, int]], found: Sequence[tuple[int, int]]) -> list[int | None]:
    """For each gold span the index of the found span that is the same number, or None; each is used once."""
    order = sorted(range(len(found)), key=lambda i: found[i])
    starts = [found[i][0] for i in order]
    longest = max((end - start for start, end in found), default=0)
    used: set[int] = set()
    matched: list[int | None] = []
    for span in gold:
        near = order[bisect_left(starts, span[0] - longest) : bisect_left(starts, span[1])]
        best = max((i for i in near if i not in used), key=lambda i: _share(span, found[i]), default=None)
        if best is not None and _share(span, found[best]) < OVERLAP:
            best = None
        if best is not None:
            used.add(best)
        matched.append(best)
    return matched


def _share(a: tuple[int, int], b: tuple[int, int]) -> float:
    """The common part of two spans as a share of their joint span."""
    return max(0, min(a[1], b[1]) - max(a[0], b[0])) / max(1, max(a[1], b[1]) - min(a[0], b[0]))
