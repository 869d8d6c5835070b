"""Twins: generated copies are found, unrelated reports are not, and the order of arrival does not matter."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import twins
from pipeline.schema import REPORTS
from pipeline.twins import LEAST, mark_twins, signature_of

GOLD = Path(__file__).parent / "gold" / "raw"
SEED, COPIES = 11, 3
SHARE = 0.3  # of the clauses of a copy that are changed at most
PLACES = ("青石岭", "大柳树", "双桥铺", "白鹤坝", "松林湾")
CLAUSES = (
    "进一步压实各级责任",
    "组织党员干部分组包片入户核实",
    "邀请技术人员到田间地头现场讲解",
    "群众的获得感明显增强",
    "对发现的问题逐条建账销号",
    "把好事办好实事办实",
    "引导农户发展庭院小菜园和林下养殖",
    "积极向上争取配套项目落地",
)
MARK = re.compile(r"([，,。；;\n])")


@cache
def originals() -> tuple[str, ...]:
    """The annotated reports that are long enough to have twins, each a text of its own."""
    texts = (p.read_text("utf-8") for p in sorted(GOLD.iterdir()))
    return tuple(t for t in texts if signature_of(t) is not None)


def copy_of(text: str, rng: random.Random, share: float) -> str:
    """`text` as a neighbour would hand it in: other numbers and places, blanks, `share` of the clauses rewritten."""
    text = re.sub(r"[0-9]", lambda _: rng.choice("0123456789x"), text)
    old, new = rng.sample(PLACES, 2)
    pieces = [p.replace(old, new) for p in MARK.split(text)]
    clauses = [i for i, p in enumerate(pieces) if len(p) > 3]
    for i in rng.sample(clauses, int(len(clauses) * share)):
        pieces[i] = rng.choice((pieces[i][: len(pieces[i]) // 2], "", rng.choice(CLAUSES), new + rng.choice(CLAUSES)))
    return "".join(pieces)


def marked(texts: list[str]) -> list[tuple[str | None, float | None]]:
    """(twin_of, twin_similarity) of reports with these texts and the ids 0, 1, 2 …"""
    empty = REPORTS.schema().empty_table()
    columns = {"report_id": [str(i) for i in range(len(texts))], "signature": [signature_of(t) for t in texts]}
    table = pa.table([pa.array(columns.get(f.name, [None] * len(texts)), f.type) for f in empty.schema],
                     schema=pa.schema([f.with_nullable(True) for f in empty.schema]))  # fmt: skip
    found = mark_twins(table)
    assert found.schema == table.schema
    return list(zip(found["twin_of"].to_pylist(), found["twin_similarity"].to_pylist(), strict=True))


def test_unrelated_reports_are_no_twins() -> None:
    assert len(originals()) > 20
    assert {twin for twin, _ in marked(list(originals()))} == {None}


def test_generated_copies_are_found() -> None:
    rng = random.Random(SEED)
    copies = [(i, copy_of(t, rng, SHARE * rng.random())) for i, t in enumerate(originals()) for _ in range(COPIES)]
    rng.shuffle(copies)
    first = len(originals())
    found = [twin for twin, _ in marked([*originals(), *(text for _, text in copies)])[first:]]
    named = sum(twin is not None for twin in found)
    right = sum(twin == str(i) for (i, _), twin in zip(copies, found, strict=True))
    assert right / len(copies) >= 0.98
    assert right / named >= 0.98


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.3])
def test_the_more_is_changed_the_less_alike(share: float) -> None:
    text = originals()[0]
    (_, own), (twin, alike) = marked([text, copy_of(text, random.Random(SEED), share)])
    assert own is None
    assert twin == "0"
    assert alike is not None
    assert (alike == 1.0) == (share == 0.0)
    assert alike > 1 - 2.2 * share - 0.01


def test_all_copies_name_the_first() -> None:
    rng = random.Random(SEED)
    second = copy_of(originals()[0], rng, 0.15)
    third = copy_of(second, rng, 0.15)
    assert [twin for twin, _ in marked([originals()[0], originals()[1], second, third])] == [None, None, "0", "0"]


def test_reading_more_reports_changes_nothing_before() -> None:
    rng = random.Random(SEED)
    texts = [*originals()[:6], *(copy_of(t, rng, 0.2) for t in originals()[:6])]
    assert marked(texts)[:8] == marked(texts[:8])


def test_many_reports_have_the_same_twins_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room to tick off pairs they are sorted, again and again where they are many."""
    rng = random.Random(5)
    texts = [copy_of(text, rng, 0.1) for text in originals()[:6] for _ in range(4)]
    few = marked(texts)
    monkeypatch.setattr(twins, "TABLE", 0)
    monkeypatch.setattr(twins, "PENDING", 10)
    assert marked(texts) == few
    assert sum(twin is not None for twin, _ in few) >= 18


def test_texts_too_short_to_judge_have_no_signature() -> None:
    assert signature_of("全村共有贫困户12户。") is None
    assert signature_of("甲" * LEAST * 2) is None
    assert marked(["短文。", "短文。"]) == [(None, None), (None, None)]


def test_no_reports_at_all() -> None:
    assert marked([]) == []
