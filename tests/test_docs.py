"""What the documents say is true: commands, targets, exit codes, tables, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import errors, schema
from pipeline.cli import app, gold_app, rules_app
from pipeline.rules import CUE_FILES, RULES, load_rules

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
RULES_README = (ROOT / "rules" / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
COMMANDS = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
COMMANDS |= {f"rules {c.name}" for c in rules_app.registered_commands}
COMMANDS |= {f"gold {c.name}" for c in gold_app.registered_commands}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z-]+)", README + RULES_README))))
def test_every_target_that_is_named_exists(target: str) -> None:
    assert re.search(rf"^{target}:.*##", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"cunbao ((?:rules |gold )?[a-z]+)", README + RULES_README))))
def test_every_command_that_is_named_exists(command: str) -> None:
    assert command in COMMANDS


def test_the_readme_lists_every_table() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
    assert listed == {table.name for table in (*schema.TABLES, *schema.DERIVED)}


def test_the_readme_lists_every_exit_code() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d) \| ", README, re.MULTILINE)}
    raised = {e.exit_code for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.CunbaoError)}
    assert listed == raised | {0}


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_rules_readme_lists_every_file() -> None:
    listed = set(re.findall(r"^\| `([\w/*]+)\.toml`", RULES_README, re.MULTILINE))
    there = {p.relative_to(RULES).with_suffix("").as_posix() for p in RULES.rglob("*.toml")}
    assert listed == {"topics/*" if name.startswith("topics/") else name for name in there}


@pytest.mark.parametrize("name", sorted(CUE_FILES))
def test_the_rules_readme_names_every_place_that_a_cue_may_stand_in(name: str) -> None:
    row = next(line for line in RULES_README.splitlines() if line.startswith(f"| `{name}.toml`"))
    places = {w.strip() for w in row.split("|")[4].split(",") if w.strip()}
    assert places == {where for where in CUE_FILES[name][1] if where}


def test_ids_of_rules_begin_with_their_family() -> None:
    rules = load_rules()
    for name, cues in rules.cues.items():
        for cue in cues:
            assert cue.id.startswith(f"{name}."), f"{name}.toml holds {cue.id}"
