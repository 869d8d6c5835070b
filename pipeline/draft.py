"""A rules file that is tried before it is kept: all rules as they would be with it. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeVar

from pipeline.errors import OptionError, RuleError
from pipeline.rules import (
    CUE_FILES,
    MACRO,
    CheckFile,
    CheckRule,
    CueFile,
    Rule,
    RuleSet,
    TopicFile,
    TopicRule,
    UnitFile,
    check_all,
    check_vocabulary,
    read_rules,
    read_toml,
)

R = TypeVar("R", bound=Rule | CheckRule)
TOPICS = "topics/"
FILES = ("units.toml", "checks.toml", "macros.toml", *(f"{name}.toml" for name in CUE_FILES))


@dataclass(frozen=True)
class Draft:
    """The rules with those of a file put among them."""

    rules: RuleSet
    home: str  # the rules file that it goes into: status.toml, topics/production.toml
    new: tuple[str, ...]  # ids of rules (names of macros) that were not there
    changed: tuple[str, ...]  # and of those that were, and are another thing now
    speaking: frozenset[str]  # ids of the rules whose examples the file bears on


def read_draft(file: Path, rules: RuleSet, into: str | None = None) -> Draft:
    """`rules` with those of `file`: a rule whose id is there already takes its place, another goes to the file's end.

    `into` is the rules file that it goes into, seen from rules/; None: the one that has the same name. Raises
    OptionError if there is none, RuleError for what rules/ itself would be refused for.
    """
    if not file.is_file():
        raise OptionError(f"{file}: there is no such file; give a file of rules like those in {rules.folder}")
    home = _home(file, rules.folder, into)
    if home == "macros.toml":
        return _with_macros(file, rules)
    stem = home.removesuffix(".toml")
    mine: Sequence[Rule | CheckRule]
    if home.startswith(TOPICS):
        mine = topics = read_rules(file, TopicFile).rule
        draft = replace(rules, topics=_topics(rules.folder, home, topics))
    elif home == "units.toml":
        mine = units = read_rules(file, UnitFile).unit
        draft = replace(rules, units=_merged(rules.units, units))
    elif home == "checks.toml":
        mine = checks = read_rules(file, CheckFile).check
        draft = replace(rules, checks={c.id: c for c in _merged(tuple(rules.checks.values()), checks)})
    else:
        mine = cues = read_rules(file, CueFile).cue
        check_vocabulary(file, cues, *CUE_FILES[stem])
        draft = replace(rules, cues={**rules.cues, stem: _merged(rules.cues[stem], cues)})
    _refuse_twins(file, mine)
    draft = _checked(draft)
    before: Mapping[str, Rule | CheckRule] = {**rules.by_id, **rules.checks}
    new = tuple(r.id for r in mine if r.id not in before)
    changed = tuple(r.id for r in mine if r.id in before and r != before[r.id])
    return Draft(draft, home, new, changed, frozenset((*new, *changed)))


def _home(file: Path, folder: Path, into: str | None) -> str:
    """The rules file that `file` goes into, seen from rules/."""
    names = (into,) if into else (file.name, f"{TOPICS}{file.name}")
    for name in names:
        there = name.startswith(TOPICS) and name.endswith(".toml") and (into or (folder / name).is_file())
        if name in FILES or there:
            return name
    known = ", ".join((*FILES, *sorted(f"{TOPICS}{p.name}" for p in (folder / "topics").glob("*.toml"))))
    what = f"--into {into}" if into else str(file)
    raise OptionError(f"{what}: this is the name of no rules file; say with --into where it goes, one of {known}")


def _merged(old: tuple[R, ...], mine: Iterable[R]) -> tuple[R, ...]:
    there = {r.id: r for r in mine}
    return (*(there.pop(r.id, r) for r in old), *there.values())


def _topics(folder: Path, home: str, mine: tuple[TopicRule, ...]) -> tuple[TopicRule, ...]:
    """The topic rules in the order of their files, which decides between equals: `home` is read with `mine`."""
    found: list[TopicRule] = []
    for path in sorted({*(folder / "topics").glob("*.toml"), folder / home}):
        there = read_rules(path, TopicFile).rule if path.is_file() else ()
        found += _merged(there, mine) if path == folder / home else there
    return tuple(found)


def _refuse_twins(file: Path, mine: Sequence[Rule | CheckRule]) -> None:
    ids = [r.id for r in mine]
    twins = sorted({i for i in ids if ids.count(i) > 1})
    if twins:
        raise RuleError(f"{file}: two rules have the id {twins[0]}; give one of them another")


def _checked(rules: RuleSet) -> RuleSet:
    """`rules` with nothing compiled yet, held to what rules/ is held to."""
    fresh = replace(rules, fingerprint="draft", _compiled={})
    check_all(fresh, [*fresh.units, *fresh.topics, *(c for cues in fresh.cues.values() for c in cues)])
    return fresh


def _with_macros(file: Path, rules: RuleSet) -> Draft:
    """The rules with other fragments; the file bears on every rule that becomes another pattern by them."""
    mine = {name: str(text) for name, text in read_toml(file).items()}
    macros = {**rules.macros, **mine}
    named = {name: {m[1] for m in MACRO.finditer(text)} for name, text in macros.items()}
    unknown = sorted({n for names in named.values() for n in names} - macros.keys())
    if unknown:
        raise RuleError(f"{file}: no macro {unknown[0]} in it or in macros.toml")
    try:
        TopologicalSorter(named).prepare()
    except CycleError as error:
        raise RuleError(f"{file}: a macro names itself: {' names '.join(reversed(error.args[1]))}") from None
    draft = _checked(replace(rules, macros=macros))
    new = tuple(name for name in mine if name not in rules.macros)
    changed = tuple(name for name, text in mine.items() if rules.macros.get(name, text) != text)
    patterns = {r.id: [r.pattern, getattr(r, "unless", "")] for r in rules.by_id.values()}
    patterns |= {c.id: list(c.cues.values()) for c in rules.checks.values()}
    other = (i for i, texts in patterns.items() if any(rules.expand(t) != draft.expand(t) for t in texts))
    return Draft(draft, "macros.toml", new, changed, frozenset(other))
