"""The fit of the topic weights: deterministic, and never tried on a report that it was fitted to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import trial
from pipeline.baseline import topic_by_rules, topics_by_rules
from pipeline.errors import RuleError
from pipeline.gold import GoldFile, load_gold
from pipeline.rules import RULES, load_rules
from pipeline.taught import MARK, taught_in
from pipeline.topics.cues import TOPICS
from pipeline.topics.model import Round, TopicModel, load_model, write_model
from pipeline.topics.votes import Vote
from pipeline.train import KEY_REPORTS, Example, decide, examples_of, fit, folds

ROOT = Path(__file__).parents[1]
FEW = 4


@pytest.fixture(scope="module")
def few() -> list[GoldFile]:
    """The smallest gold files."""
    gold = load_gold(ROOT / "tests" / "gold", [ROOT / "data" / "raw"])
    return sorted(gold, key=lambda g: (len(g.rows), g.name))[:FEW]


@pytest.fixture(scope="module")
def examples(few: list[GoldFile]) -> list[Example]:
    return examples_of(few, load_rules())


@pytest.fixture(scope="module")
def model(examples: list[Example]) -> TopicModel:
    return fit(examples)


def test_the_same_gold_gives_the_same_weights(few: list[GoldFile], model: TopicModel) -> None:
    assert fit(examples_of(few, load_rules())).to_table() == model.to_table()


def test_other_processes_fit_the_same_weights() -> None:
    script = (
        "from tests.test_train import *\n"
        "gold = load_gold(ROOT / 'tests' / 'gold', [ROOT / 'data' / 'raw'])\n"
        "few = sorted(gold, key=lambda g: (len(g.rows), g.name))[:FEW]\n"
        "print(fit(examples_of(few, load_rules())).to_table().to_pylist())\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1] != b""


def test_the_fit_learns_what_it_is_shown(examples: list[Example], model: TopicModel) -> None:
    silent = Round({}, {}, np.zeros((0, len(TOPICS)), dtype=np.float32))

    def right(weights: TopicModel) -> float:
        pairs = [p for x in examples for p in zip(decide(weights, x)[0], x.gold, strict=True) if p[1]]
        return sum(a == b for a, b in pairs) / len(pairs)

    assert right(model) > 0.9 > 0.5 > right(TopicModel(silent, silent))


def test_decisions_are_topics_with_a_probability(examples: list[Example], model: TopicModel) -> None:
    for example in examples:
        decided, confidence = decide(model, example)
        assert len(decided) == len(confidence) == len(example.evidence)
        assert set(decided) <= set(TOPICS)
        assert all(0 < p <= 1 for p in confidence)


def test_a_higher_penalty_gives_smaller_weights(examples: list[Example]) -> None:
    def length(model: TopicModel) -> float:
        return sum(w * w for w in model.alone.weights.values())

    lengths = [length(fit(examples[:2], penalty=p)) for p in (0.1, 1.0, 10.0)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > lengths[-1] > 0


def test_weights_are_written_and_read_back(tmp_path: Path, model: TopicModel) -> None:
    path = tmp_path / "model.parquet"
    write_model(model, path)
    assert load_model(path).to_table() == model.to_table()
    assert load_model(path).together.weights == model.together.weights


@pytest.mark.parametrize("reports", [KEY_REPORTS - 1, KEY_REPORTS])
def test_a_unit_speaks_once_enough_reports_use_it(examples: list[Example], reports: int) -> None:
    model = fit([Example(f"copy {i}", examples[0].evidence, examples[0].gold) for i in range(reports)])
    assert any(name.startswith("unit.") for name in model.alone.rows) == (reports >= KEY_REPORTS)


# What the chain makes of a gold file.

TEXT = "2021年工作总结\n现有党员9名,种茶48亩,养羊30只。\n"


def annotated(folder: Path, *rows: tuple[str, str, str]) -> list[GoldFile]:
    """A gold file over TEXT whose rows are (span, measure, topic)."""
    said = {"value": None, "low": None, "high": None, "qualifier": "exact", "masked": False, "basis": "total",
            "status": "actual", "role": "level", "period": None, "part_of": None}  # fmt: skip
    observations = [
        {
            "id": str(i),
            "start": TEXT.index(s),
            "end": TEXT.index(s) + len(s),
            "quote": s,
            "measure": m,
            "topic": t,
            **said,
        }
        for i, (s, m, t) in enumerate(rows)
    ]
    (folder / "json").mkdir()
    (folder / "raw").mkdir()
    (folder / "raw" / "a.txt").write_text(TEXT, "utf-8")
    data = {"raw": "a.txt", "begin": 0, "end": len(TEXT), "observations": observations, "sections": [], "reports": []}
    (folder / "json" / "a.json").write_text(json.dumps(data), "utf-8")
    return list(load_gold(folder, []))


ANNOTATED = [
    ("all agree", [("9名", "persons", "party_building"), ("48亩", "mu", "crops"), ("30只", "other", "livestock")],
     ("party_building", "crops", "livestock")),
    ("another measure", [("9名", "other", "party_building"), ("48亩", "mu", "crops")], (None, "crops", None)),
    ("another span", [("党员9", "persons", "party_building"), ("30只", "other", "livestock")],
     (None, None, "livestock")),
    ("nothing annotated", [], (None, None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "topics"), [c[1:] for c in ANNOTATED], ids=[c[0] for c in ANNOTATED])
def test_only_numbers_that_chain_and_gold_agree_on_are_learnt(
    tmp_path: Path, rows: list[tuple[str, str, str]], topics: tuple[str | None, ...]
) -> None:
    (example,) = examples_of(annotated(tmp_path, *rows), load_rules())
    assert (example.source, example.gold) == ("a", topics)
    assert [e.context.quantity.unit for e in example.evidence] == ["名", "亩", "只"]


# Cross-validation.


def named(count: int) -> list[Example]:
    return [Example(f"report {i}", (), ()) for i in range(count)]


@given(st.integers(0, 40), st.integers(1, 9))
def test_every_report_is_tested_once(count: int, n: int) -> None:
    tested = [x.source for _, test in folds(named(count), n) for x in test]
    assert sorted(tested) == sorted(x.source for x in named(count))


@given(st.integers(0, 40), st.integers(2, 9))
def test_no_fold_trains_on_what_it_tests(count: int, n: int) -> None:
    everything = {x.source for x in named(count)}
    for training, test in folds(named(count), n):
        assert {x.source for x in training} == everything - {x.source for x in test}


@given(st.integers(1, 40), st.integers(1, 9))
def test_folds_are_of_about_one_size(count: int, n: int) -> None:
    sizes = [len(test) for _, test in folds(named(count), n)]
    assert len(sizes) == min(n, count)
    assert max(sizes) - min(sizes) <= 1


def test_cross_validation_scores_each_report_with_weights_fitted_on_others(
    few: list[GoldFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "fit", lambda training, taught: [x.source for x in training])
    fitted_on = trial.fold_models([Example(g.name, (), ()) for g in few], [])
    assert fitted_on.keys() == {g.name for g in few}
    assert all(name not in sources and sources for name, sources in fitted_on.items())


def test_the_curve_learns_from_ever_more_reports_and_tries_on_others(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[tuple[set[str], int]] = []

    def fit(training: list[Example], taught: list[Example]) -> set[str]:
        fitted.append(({x.source for x in training}, len(taught)))
        return fitted[-1][0]

    def decide(model: set[str], example: Example) -> tuple[list[str], list[float]]:
        assert example.source not in model
        return [f"{example.source} after {len(model)}"], []

    monkeypatch.setattr(trial, "fit", fit)
    monkeypatch.setattr(trial, "decide", decide)
    steps: list[tuple[int, int]] = []
    learnt = list(
        trial.learning_curve(
            named(9), named(2), sizes=(0, 2, 4, 99), progress=lambda done, total: steps.append((done, total))
        )
    )
    assert [(x.reports, x.taught) for x in learnt] == [(0, 2), (2, 0), (2, 2), (4, 0), (4, 2), (6, 0), (6, 2)]
    for x in learnt:
        assert x.topics == tuple(f"report {i} after {x.reports}" for i in range(9))
    assert steps == [(i, 21) for i in range(21)]
    plain = [sources for sources, passages in fitted if sources and not passages]
    smallest = (plain[i : i + 3] for i in (0, 3, 6))
    assert all(a < b < c for a, b, c in zip(*smallest, strict=True)), "a smaller size is part of a larger one"
    assert sum(not sources for sources, _ in fitted) == 1, "without reports there is one fit for all folds"


def test_topics_are_put_into_the_tables_in_their_order() -> None:
    tables = {"observations": pa.table({"id": [1, 2], "topic": ["roads", "water"], "value": [3.0, 4.0]})}
    changed = trial.with_topics(tables, ["crops", "land"])["observations"]
    assert changed.column_names == ["id", "topic", "value"]
    assert changed["topic"].to_pylist() == ["crops", "land"]
    with pytest.raises(pa.ArrowInvalid):
        trial.with_topics(tables, ["crops"])


# Topics without a learned weight.

PRECEDENCE = [
    ("nothing speaks", [], "other"),
    ("the nearest wins", [("left.thing.near", "land"), ("right.thing.touching", "crops")], "crops"),
    ("a frame only alone", [("left.frame.touching", "funding"), ("title.thing", "roads")], "roads"),
    ("a frame alone", [("left.frame.touching", "funding")], "funding"),
    ("a thing before an act", [("leftmore.act.first", "training"), ("leftmore.thing.rest", "roads")], "roads"),
    ("an act before a group", [("before.group.first", "monitored"), ("before.act.first", "training")], "training"),
    ("its sentence before the heading", [("heading0.thing", "roads"), ("future.group.rest", "monitored")], "monitored"),
    ("the list of topics decides last", [("title.thing", "water"), ("title.thing", "roads")], "roads"),
]


@pytest.mark.parametrize(("votes", "topic"), [c[1:] for c in PRECEDENCE], ids=[c[0] for c in PRECEDENCE])
def test_topics_by_precedence_of_the_rules(votes: list[tuple[str, str]], topic: str) -> None:
    assert topic_by_rules([Vote(feature, name, "rule") for feature, name in votes]) == topic


def test_every_vote_has_its_place_in_the_precedence(examples: list[Example]) -> None:
    topics = topics_by_rules(examples)
    assert len(topics) == sum(len(x.evidence) for x in examples)
    right = [a == b for a, b in zip(topics, (g for x in examples for g in x.gold), strict=True) if b]
    assert sum(right) > len(right) / 2


# The sentences written for teaching.

TAUGHT = "# 一、产业发展\n种茶<48亩|crops>,养羊<30只|livestock>,2021年修路3公里。\n\n党员<9名|party_building>。\n"


def taught(folder: Path, text: str) -> list[Example]:
    (folder / "a.txt").write_text(text, "utf-8")
    return taught_in(folder, load_rules())


def test_a_taught_passage_is_a_heading_with_its_lines(tmp_path: Path) -> None:
    passages = taught(tmp_path, TAUGHT)
    assert [x.gold for x in passages] == [("crops", "livestock", None), ("party_building",)]
    assert [x.source for x in passages] == ["a.txt:1", "a.txt:4"]
    assert passages[0].evidence[0].context.headings == ("一、产业发展",)
    assert passages[1].evidence[0].context.headings == ()


def test_a_topic_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"a\.txt: line 4: wine is no topic"):
        taught(tmp_path, TAUGHT.replace("party_building", "wine"))


def test_what_is_taught_changes_what_is_decided(examples: list[Example], tmp_path: Path) -> None:
    new = taught(tmp_path, "\n\n".join(f"飞鸢牌匾<{n}块|toilets>。" for n in range(11, 19)))
    before, after = fit(examples), fit(examples, new)
    assert decide(before, new[0])[0] != ["toilets"]
    assert decide(after, new[0])[0] == ["toilets"]


def test_nearly_every_mark_in_rules_taught_is_a_number_that_the_chain_finds() -> None:
    paths = sorted((RULES / "taught").glob("*.txt"))
    marks = {path.name: len(MARK.findall(path.read_text("utf-8"))) for path in paths}
    found = dict.fromkeys(marks, 0)
    for passage in taught_in(RULES / "taught", load_rules()):
        found[passage.source.split(":")[0]] += sum(topic is not None for topic in passage.gold)
    assert sum(marks.values()) > 10_000
    assert {name: n for name, n in found.items() if n < 0.97 * marks[name]} == {}
