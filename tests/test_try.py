"""A rules file that is tried: the rules with it, what it moves, and what the gold gains and loses. Nothing is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, ROOT

from pipeline.draft import Draft, read_draft
from pipeline.errors import OptionError, RuleError
from pipeline.evaluate import evaluate, level
from pipeline.extract import read_text
from pipeline.gold import load_gold
from pipeline.moves import Effect, Move, effect_of, moves_between
from pipeline.records import RawText
from pipeline.rulecheck import failures
from pipeline.rules import RULES, RuleSet, load_rules
from pipeline.scoreboard import gain_boards, move_boards
from pipeline.tables import tables_of
from pipeline.topics.model import load_model

CUE = """[[cue]]
id = "status.hope"
value = "planned"
where = "clause"
priority = 45
words = ["盼着"]
why = "a hope is a plan"
yes = ["盼着新建冷库<1座>"]
no = ["新建冷库<1座>"]
"""
TOPIC = """[[rule]]
id = "crops.feather"
topic = "crops"
words = ["羽衣草"]
each = "{}<48亩>"
no = ["修路<3公里>"]
"""


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules()


def draft(folder: Path, text: str, rules: RuleSet, name: str = "status.toml", into: str | None = None) -> Draft:
    (folder / name).write_text(text, "utf-8")
    return read_draft(folder / name, rules, into)


# --- the rules with the file


def test_a_new_cue_goes_to_the_end_of_its_file(tmp_path: Path, rules: RuleSet) -> None:
    found = draft(tmp_path, CUE, rules)
    assert (found.home, found.new, found.changed) == ("status.toml", ("status.hope",), ())
    assert [c.id for c in found.rules.cues["status"]] == [*(c.id for c in rules.cues["status"]), "status.hope"]
    assert found.rules.cues["basis"] == rules.cues["basis"]
    assert "status.hope" not in rules.by_id


def test_a_cue_that_is_there_is_replaced_at_its_place(tmp_path: Path, rules: RuleSet) -> None:
    place = [c.id for c in rules.cues["status"]].index("status.intent_verbs")
    found = draft(tmp_path, CUE.replace("status.hope", "status.intent_verbs"), rules)
    assert (found.new, found.changed) == ((), ("status.intent_verbs",))
    assert found.rules.cues["status"][place].words == ("盼着",)
    assert len(found.rules.cues["status"]) == len(rules.cues["status"])


@pytest.mark.parametrize("path", sorted(RULES.rglob("*.toml")), ids=lambda p: p.stem)
def test_a_file_as_it_stands_changes_nothing(path: Path, rules: RuleSet) -> None:
    found = read_draft(path, rules)
    assert (found.new, found.changed, found.speaking) == ((), (), frozenset())
    assert found.home == path.relative_to(RULES).as_posix()
    assert [found.rules.units, found.rules.topics, found.rules.cues, found.rules.checks, found.rules.macros] == [
        rules.units, rules.topics, rules.cues, rules.checks, rules.macros,
    ]  # fmt: skip


@pytest.mark.parametrize(("into", "before"), [("topics/works.toml", ""), ("topics/governance.toml", "livelihood")])
def test_a_topic_rule_stands_behind_those_of_its_file(tmp_path: Path, rules: RuleSet, into: str, before: str) -> None:
    """Files are read in the order of their names, and the order decides between equals."""
    order = [r.id for r in draft(tmp_path, TOPIC, rules, "my.toml", into).rules.topics]
    place = order.index("crops.feather")
    assert (place == len(order) - 1) == (not before)
    assert len(order) == len(rules.topics) + 1


def test_a_macro_bears_on_the_rules_that_name_it(tmp_path: Path, rules: RuleSet) -> None:
    found = draft(tmp_path, "chapter = 'x'", rules, "macros.toml")
    assert (found.home, found.changed) == ("macros.toml", ("chapter",))
    users = {r.id for r in rules.by_id.values() if "<<chapter>>" in r.pattern + getattr(r, "unless", "")}
    assert users
    assert users <= found.speaking < rules.by_id.keys() | rules.checks.keys()


def test_what_was_compiled_for_the_rules_is_not_the_draft_s(tmp_path: Path, rules: RuleSet) -> None:
    assert not rules.compile_text("<<chapter>>").fullmatch("x")
    assert draft(tmp_path, "chapter = 'x'", rules, "macros.toml").rules.compile_text("<<chapter>>").fullmatch("x")
    assert not rules.compile_text("<<chapter>>").fullmatch("x")


REFUSED: list[tuple[str, str, str, str | None, type[Exception], str]] = [
    ("another name", CUE, "hope.toml", None, OptionError, "hope.toml: this is the name of no rules file"),
    ("into nowhere", CUE, "hope.toml", "hopes.toml", OptionError, "--into hopes.toml: this is the name"),
    ("no TOML", "[[cue]", "status.toml", None, RuleError, "status.toml: not valid TOML"),
    ("an unknown key", CUE + 'colour = "red"', "status.toml", None, RuleError, "rule status.hope, key colour"),
    ("no example", CUE.replace("yes =", "todo ="), "status.toml", None, RuleError, "needs at least one example"),
    ("another value", CUE.replace('"planned"', '"hoped"'), "status.toml", None, RuleError, "value hoped is none of"),
    ("another place", CUE.replace('"clause"', '"there"'), "status.toml", None, RuleError, "where there is none of"),
    ("an id of another file", CUE.replace("status.hope", "basis.per_mu"), "status.toml", None, RuleError, "two rules"),
    ("twice", CUE + CUE, "status.toml", None, RuleError, "two rules have the id status.hope"),
    ("a bad pattern", CUE.replace('words = ["盼着"]', "pattern = '(盼'"), "status.toml", None, RuleError, "compile"),
    ("no macro", CUE.replace('words = ["盼着"]', "pattern = '<<hm>>'"), "status.toml", None, RuleError, "no macro hm"),
    ("a macro of none", "num = '<<hm>>'", "macros.toml", None, RuleError, "no macro hm in it or in macros.toml"),
    ("a ring of macros", "num = '<<any>>'", "macros.toml", None, RuleError, "a macro names itself: "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "into", "error", "said"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, rules: RuleSet, text: str, name: str, into: str | None, error: type[Exception], said: str
) -> None:
    if "basis.per_mu" in text:
        text = text.replace("basis.per_mu", rules.cues["basis"][0].id)
    with pytest.raises(error) as refused:
        draft(tmp_path, text, rules, name, into)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value).removesuffix("\n")


def test_a_file_that_is_not_there_is_named(tmp_path: Path, rules: RuleSet) -> None:
    with pytest.raises(OptionError, match=r"no\.toml: there is no such file"):
        read_draft(tmp_path / "no.toml", rules)


def test_only_the_examples_of_the_rule_are_run(tmp_path: Path, rules: RuleSet) -> None:
    good = draft(tmp_path, CUE, rules)
    assert failures(good.rules, load_model(), good.speaking) == []
    bad = draft(tmp_path, CUE.replace('no = ["新', 'no = ["盼着新'), rules)
    (said,) = failures(bad.rules, load_model(), bad.speaking)
    assert said.startswith("status: rule status.hope must not speak in: 盼着新建冷库<1座>")


# --- what moves

TEXT = "红柳村2021年工作总结\n一、产业发展\n全村盼着新建冷库1座,羽衣草48亩。党员9名。\n"


def moves(folder: Path, rules: RuleSet, text: str, name: str, into: str | None = None) -> set[tuple[str, ...]]:
    found = draft(folder, text, rules, name, into).rules
    raw = RawText("a.txt", TEXT, "", len(TEXT), "txt", "utf-8", "test")
    before, after = (tables(raw, r) for r in (rules, found))
    return {(m.text, m.column, m.before, m.after) for m in moves_between(raw, before, after)}


def tables(raw: RawText, rules: RuleSet) -> dict[str, Any]:
    return tables_of([read_text(raw, rules, load_model())], rules, fingerprint="", ingested_at=NOW)


FATE = """[[cue]]
id = "fates.feather"
value = "phrase"
where = "number"
right = "座"
pattern = '(?<=冷库)1座'
why = "a test"
yes = ["冷库<1座>"]
no = ["路灯<9盏>"]
"""
HEADING = """[[cue]]
id = "headings.growing"
value = "plan"
where = "heading"
priority = 99
pattern = '产业发展'
why = "a test"
yes = ["<一、产业发展>\\n种茶3亩。"]
no = ["<一、做法>\\n种茶3亩。"]
"""


def test_a_rule_that_says_nothing_here_moves_nothing(tmp_path: Path, rules: RuleSet) -> None:
    assert not moves(tmp_path, rules, CUE.replace("盼着", "苦盼"), "status.toml")


def test_a_status_moves(tmp_path: Path, rules: RuleSet) -> None:
    assert moves(tmp_path, rules, CUE, "status.toml") == {("1座", "observations.status", "actual", "planned")}


def test_a_number_that_is_none_any_more_moves_once(tmp_path: Path, rules: RuleSet) -> None:
    found = [move for move in moves(tmp_path, rules, FATE, "fates.toml") if "1" in move[0]]
    assert found == [("1", "numerals.fate", "observation", "phrase")]


def test_a_kind_of_section_moves_with_what_hangs_on_it(tmp_path: Path, rules: RuleSet) -> None:
    found = moves(tmp_path, rules, HEADING, "headings.toml")
    kinds = {move for move in found if move[1] == "sections.kind"}
    assert [move[3] for move in kinds] == ["plan"]
    assert ("9名", "observations.status", "actual", "planned") in found


def test_what_vanishes_one_way_appears_the_other(tmp_path: Path, rules: RuleSet) -> None:
    text = "红柳村2021年工作总结\n全村盼着有低保户46户,其中A类19户。\n"
    raw = RawText("a.txt", text, "", len(text), "txt", "utf-8", "test")
    before, after = (tables(raw, r) for r in (rules, draft(tmp_path, CUE, rules).rules))
    assert before["checks"].num_rows
    # As if no check could be made any more.
    after["checks"] = after["checks"].slice(0, 0)
    there, back = list(moves_between(raw, before, after)), list(moves_between(raw, after, before))
    assert {(m.column, m.after, m.before) for m in there} == {(m.column, m.before, m.after) for m in back}
    assert {(m.text, m.after) for m in there if m.column == "checks.verdict"} == {("46户", "none")}


# --- the whole effect


@pytest.fixture(scope="module")
def effect(tmp_path_factory: pytest.TempPathFactory) -> tuple[Effect, Any]:
    """A cue over a gold file that it makes better in one row and worse in another, a report, and an empty file."""
    folder = tmp_path_factory.mktemp("effect")
    for name in ("gold/json", "gold/raw", "raw"):
        (folder / name).mkdir(parents=True)
    text = "红柳村2021年工作总结\n盼着修路3公里。\n盼着今年种茶48亩。\n养羊30只。\n"
    (folder / "gold" / "raw" / "g.txt").write_text(text, "utf-8")
    (folder / "raw" / "r.txt").write_text("全村盼着安装路灯9盏。\n", "utf-8")
    (folder / "raw" / "empty.txt").write_text("", "utf-8")
    said = {"low": None, "high": None, "qualifier": "exact", "masked": False, "basis": "total", "role": "level",
            "period": "2021", "part_of": ""}  # fmt: skip
    numbers = [("3公里", 3000.0, "metres", "roads", "planned"), ("48亩", 48.0, "mu", "crops", "actual"),
               ("30只", 30.0, "other", "livestock", "actual")]  # fmt: skip
    observations = [
        {"id": f"g.q{i}", "start": text.index(q), "end": text.index(q) + len(q), "quote": q, "value": v, "measure": m,
         "topic": t, "status": s, **said}
        for i, (q, v, m, t, s) in enumerate(numbers)
    ]  # fmt: skip
    data = {"raw": "g.txt", "begin": 0, "end": len(text), "observations": observations, "sections": [],
            "reports": [{"start": 0}]}  # fmt: skip
    (folder / "gold" / "json" / "g.json").write_text(json.dumps(data), "utf-8")
    gold = load_gold(folder / "gold", [])
    both = (load_rules(), draft(folder, CUE, load_rules()).rules)
    return effect_of(folder / "raw", gold, both, load_model(), lambda done, total: None), gold


def test_all_files_are_read_and_the_others_named(effect: tuple[Effect, Any]) -> None:
    assert [(m.source, m.text, m.after) for m in effect[0].moves] == [
        ("g.txt", "3公里", "planned"), ("g.txt", "48亩", "planned"), ("r.txt", "9盏", "planned"),
    ]  # fmt: skip
    assert effect[0].moves[2].excerpt == "全村盼着安装路灯9盏。"
    assert effect[0].failed == ("empty.txt: the file is empty; collect it again or remove it",)


def test_a_gold_text_that_cannot_be_read_is_named(tmp_path: Path, effect: tuple[Effect, Any]) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "g.txt").write_text("", "utf-8")
    gold = [replace(g, path=tmp_path / "g.txt") for g in effect[1]]
    both = (load_rules(), load_rules())
    found = effect_of(tmp_path / "raw", gold, both, load_model(), lambda done, total: None)
    assert found.failed == ("g.txt: the file is empty; collect it again or remove it",)
    assert level(evaluate(found.after, gold).values(), "quantity").found == 0


def test_the_gold_gains_and_loses_by_attribute(effect: tuple[Effect, Any]) -> None:
    found, gold = effect
    counts, listed = gain_boards(evaluate(found.before, gold), evaluate(found.after, gold), 9)
    assert {row for row in counts.rows if row[1:] != ("0", "0")} == {("status", "1", "1")}
    assert [row[:5] for row in listed.rows] == [
        ("wrong", "48亩", "status", "actual", "actual -> planned"),
        ("right", "3公里", "status", "planned", "actual -> planned"),
    ]


def test_moves_are_counted_by_column_and_the_rarest_kind_is_shown_first() -> None:
    some = [Move(f"{i}.txt", "3户", "", "observations.status", "actual", "planned") for i in range(5)]
    rare = Move("0.txt", "3户", "", "observations.status", "planned", "standard")
    counts, listed = move_boards([*some, rare], 2)
    assert counts.rows == (("observations.status", "6", "5"),)
    assert listed.rows[0][3] == "planned -> standard"
    assert len(listed.rows) == 2
    assert [board.rows for board in move_boards([], 2)] == [()]


def test_what_is_tried_is_not_kept(effect: tuple[Effect, Any]) -> None:
    assert "status.hope" not in (ROOT / "rules" / "status.toml").read_text("utf-8")
