"""The loader refuses what it does not know, naming file, rule and key; the rules in rules/ keep their own promises."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.errors import RuleError
from pipeline.rules import CUE_FILES, RULES, check_pattern, load_rules

GOOD = """
[[cue]]
id = "status.test-plan"
value = "planned"
where = "before"
words = ["打算新建"]
yes = ["打算新建冷库<1座>"]
no = ["已建冷库<1座>"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of rules/ that a test may spoil."""
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


SPOILED = [
    ("unknown key", GOOD + 'colour = "red"\n', "status.toml: rule status.test-plan, key colour"),
    ("neither words nor pattern", GOOD.replace('words = ["打算新建"]', ""), "either words or a pattern"),
    ("no counterexample", GOOD.replace('no = ["已建冷库<1座>"]', ""), "one it must not"),
    ("word without example", GOOD.replace('["打算新建"]', '["打算新建", "打算改建"]'), "打算改建"),
    ("a word twice", GOOD.replace('["打算新建"]', '["打算新建", "打算新建"]'), "打算新建"),
    ("unknown value", GOOD.replace('"planned"', '"hoped"'), "status.test-plan: value hoped"),
    ("unknown place", GOOD.replace('"before"', '"beside"'), "status.test-plan: where beside"),
    ("unbounded pattern", GOOD.replace('words = ["打算新建"]', "pattern = '打算.*建'"), "without end"),
    ("broken pattern", GOOD.replace('words = ["打算新建"]', "pattern = '打算(新建'"), "does not compile"),
    ("unknown macro", GOOD.replace('words = ["打算新建"]', "pattern = '打算<<nothing>>'"), "no macro nothing"),
    ("no TOML", GOOD + "[[cue]\n", "status.toml: not valid TOML"),
]


@pytest.mark.parametrize(("text", "said"), [c[1:] for c in SPOILED], ids=[c[0] for c in SPOILED])
def test_a_bad_rule_is_refused_by_name(folder: Path, text: str, said: str) -> None:
    path = folder / "status.toml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")
    with pytest.raises(RuleError) as refused:
        load_rules(folder)
    assert said in str(refused.value)


def test_a_good_rule_is_taken(folder: Path) -> None:
    path = folder / "status.toml"
    path.write_text(path.read_text("utf-8") + GOOD, "utf-8")
    assert load_rules(folder).by_id["status.test-plan"].words == ("打算新建",)


def test_the_same_id_twice_is_refused(folder: Path) -> None:
    path = folder / "status.toml"
    path.write_text(path.read_text("utf-8") + GOOD + GOOD, "utf-8")
    with pytest.raises(RuleError, match=r"two rules have the id status\.test-plan"):
        load_rules(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "role.toml").unlink()
    with pytest.raises(RuleError, match=r"role\.toml: this rules file is missing"):
        load_rules(folder)


def test_the_fingerprint_follows_the_words(folder: Path, tmp_path: Path) -> None:
    same, changed = (shutil.copytree(folder, tmp_path / name) for name in ("same", "changed"))
    path = changed / "status.toml"
    path.write_text(path.read_text("utf-8") + GOOD, "utf-8")
    assert load_rules(same).fingerprint == load_rules(folder).fingerprint != load_rules(changed).fingerprint


@pytest.mark.parametrize("pattern", ["a{0,5}b?", "a*+b", "a++", "a{2,}+", "[*+]x", r"\*x", "(?:ab)?"])
def test_bounded_patterns_pass(pattern: str) -> None:
    check_pattern(load_rules(), "test", pattern)


@pytest.mark.parametrize("pattern", ["a*", "a+b", "a{2,}", "(?:a|b)*c", "a*?", "[ab]+"])
def test_unbounded_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(RuleError, match="without end"):
        check_pattern(load_rules(), "test", pattern)


@pytest.mark.parametrize("name", sorted(CUE_FILES))
def test_every_cue_file_is_there_and_not_empty(name: str) -> None:
    assert load_rules().cues[name]
