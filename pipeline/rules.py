"""rules/*.toml -> one frozen RuleSet, compiled, with a fingerprint. What it does not know, it refuses.

Every rule carries its examples: `yes` and `no` texts in which `<...>` marks the number (or heading) that is meant, and
`each`, a text with `{}` in which every one of the rule's words is tried in turn. rules/README.md explains the files.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, TypeVar, get_args

import regex
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import RuleError
from pipeline.recall import compiled, parsed

F = TypeVar("F", bound=BaseModel)
HERE = Path(__file__).resolve().parent
# In the repository rules/ stands beside pipeline/; a wheel carries it inside.
RULES = HERE.parent / "rules" if (HERE.parent / "rules" / "units.toml").is_file() else HERE / "_rules"

Measure = Literal[
    "households", "persons", "person_times", "yuan", "mu", "square_metres", "percent", "metres", "tonnes", "other"
]
TopicName = Literal[
    "population", "registered_poor", "poverty_exit", "exited_poor", "monitored", "poverty_rate",
    "subsistence_allowance", "extreme_poverty_support", "disability", "children_elderly", "relief", "education",
    "health", "pension", "housing", "relocation", "employment", "training", "microcredit", "income",
    "collective_income", "subsidy", "land", "land_transfer", "crops", "livestock", "industry", "roads", "water",
    "power_telecom", "toilets", "sanitation", "public_facilities", "funding", "admin_units", "party_building",
    "aid_staff", "outreach", "rectification", "epidemic", "other",
]  # fmt: skip

# A quantifier without an upper bound that may give back what it took: the way a regex becomes exponential.
QUANTIFIER = regex.compile(r"(?P<base>[*+?]|\{\d*+(?:,\d*+)?+\})(?P<mode>[+?]?+)")
ATOM = regex.compile(r"\\.|\[(?:\\.|[^\]\\])*+\]")
MACRO = regex.compile(r"<<(\w+)>>")


class Rule(BaseModel):
    """What every rule has: an id, the reason it exists, and its examples."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    why: str = ""
    words: tuple[str, ...] = ()
    pattern: str = ""
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    each: str = ""
    todo: tuple[str, ...] = ()  # texts that it should match and does not yet: known gaps, strict expected failures

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if bool(self.words) == bool(self.pattern):
            raise ValueError("give either words or a pattern")
        if len(set(self.words)) != len(self.words):
            raise ValueError(f"a word stands twice: {sorted(w for w in self.words if self.words.count(w) > 1)[0]}")
        if not (self.yes or self.each) or not self.no:
            raise ValueError("a rule needs at least one example it must match (yes or each) and one it must not (no)")
        if self.words and not self.each:
            unused = [w for w in self.words if not any(w in text for text in (*self.yes, *self.todo))]
            if unused:
                raise ValueError(f"no example uses the word {unused[0]}")
        if self.each and "{}" not in self.each:
            raise ValueError("each must hold {} where a word goes")
        return self

    def examples(self) -> Iterator[tuple[str, str]]:
        """Every example as (yes, no or todo; text)."""
        for text in self.yes:
            yield "yes", text
        for word in self.words if self.each else ():
            text = self.each.replace("{}", word)
            if text not in self.todo:
                yield "yes", text
        for text in self.no:
            yield "no", text
        for text in self.todo:
            yield "todo", text

    def alternation(self) -> str:
        """The rule as one regex: its pattern, or its words, longest first."""
        return self.pattern or "|".join(regex.escape(w) for w in sorted(self.words, key=len, reverse=True))


class UnitRule(Rule):
    """Units and classifiers: `factor` takes the number as written to the canonical unit of `measure`."""

    measure: Measure
    factor: float = 1.0
    # What 一 before the unit is: "strong" units make a quantity of it (一户); before a "weak" one (一个) it counts
    # where rules/counted.toml says so, before a "faint" one (一批) only where nothing follows. A "part" counts only
    # behind a larger unit (3元5角2分).
    strength: Literal["strong", "weak", "faint", "part"] = "strong"
    plus: float = 0.0  # added to the number as written: 一个半月 is 1.5
    least: float = 0.0  # smaller numbers do not take the unit: 块 is money from 100 on
    most: float = 0.0  # and larger ones do not, if this is given
    qualifier: Literal["", "over", "under"] = ""  # said by the unit itself: 八个多月


class CueRule(Rule):
    """A cue for an attribute, a fate, or a section kind. `value` is what it says, `where` is where it must stand."""

    value: str
    where: str = ""
    unless: str = ""  # a regex: where it matches the same stretch, the cue is silent
    # Cues at a number (fates, units in supplied): tried only where one of these characters touches the numeral there.
    left: str = ""
    right: str = ""
    priority: int = 0  # higher wins; equal: the later in the text, then the file's order


class TopicRule(Rule):
    """A cue for a topic."""

    topic: TopicName
    # thing: what is counted or built; group: people who yield to the thing they are drawn into; act: what is done;
    # frame: words so general that any other cue beats them.
    kind: Literal["thing", "group", "act", "frame"] = "thing"
    measures: tuple[Measure, ...] = ()  # speaks only for these measures; empty: for all


class CheckRule(BaseModel):
    """A check: the words that lead to it, the limit it sets, and what is written when it is violated or holds.

    The examples are whole texts: `yes` violate it, `no` satisfy it, and in `silent` it must not speak.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    why: str
    message: str
    agrees: str
    cues: Mapping[str, str] = {}  # name (known to pipeline/reconcile) -> pattern
    most: float = 0.0
    yes: tuple[str, ...] = Field(min_length=1)
    no: tuple[str, ...] = Field(min_length=1)
    silent: tuple[str, ...] = ()

    def examples(self) -> Iterator[tuple[str, str]]:
        """Every example as (yes, no or silent; text)."""
        for wish in ("yes", "no", "silent"):
            yield from ((wish, text) for text in getattr(self, wish))

    def finditer(self, cue: str, text: str, rules: RuleSet) -> Iterator[regex.Match[str]]:
        """Where the cue stands in `text`."""
        return rules.compile_text(self.cues[cue]).finditer(text)

    def matches(self, cue: str, text: str, rules: RuleSet) -> bool:
        """Whether the cue stands anywhere in `text`."""
        return rules.compile_text(self.cues[cue]).search(text) is not None

    def fullmatches(self, cue: str, text: str, rules: RuleSet) -> bool:
        """Whether `text` is the cue and nothing else."""
        return rules.compile_text(self.cues[cue]).fullmatch(text) is not None


class CheckFile(BaseModel):
    """A file of checks."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    check: tuple[CheckRule, ...]


class UnitFile(BaseModel):
    """A file of unit rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    unit: tuple[UnitRule, ...]


class CueFile(BaseModel):
    """A file of cue rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cue: tuple[CueRule, ...]


class TopicFile(BaseModel):
    """A file of topic rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rule: tuple[TopicRule, ...]


# The values and places that the cues of each file may name; None: free text that the stage interprets.
CUE_FILES: Mapping[str, tuple[frozenset[str] | None, frozenset[str]]] = {
    "fates": (
        frozenset({"date", "period", "enumerator", "ordinal", "document_number", "name", "phrase", "grade", "age",
                   "code", "mask_of_name"}),
        frozenset({"", "number", "han", "digits", "mask", "alone"}),
    ),
    "qualifiers": (frozenset({"about", "over", "under"}), frozenset({"before", "after", "inside", "verb"})),
    "headings": (
        frozenset({"overview", "work", "problems", "plan", "experience", "suggestions", "other", "closing"}),
        frozenset({"heading", "line"}),
    ),
    "status": (
        frozenset({"actual", "planned", "standard"}),
        frozenset({"before", "after", "inside", "clause", "stretch", "sentence", "section"}),
    ),
    "basis": (
        frozenset({"total", "per_capita", "per_household", "per_mu", "per_year", "per_month", "per_other", "same"}),
        frozenset({"before", "inside", "item", "clause"}),
    ),
    "role": (frozenset({"level", "increase", "decrease", "difference"}), frozenset({"before", "after", "clause"})),
    "period": (None, frozenset({"before", "next", "around", "sentence"})),
    "part_of": (frozenset({"opens", "closes", "blocks"}), frozenset({"", "item", "clause", "inside"})),
    "place": (
        frozenset({"village", "town", "county", "above", "own", "sum", "generic", "bureau", "seat", "frame", "joint",
                   "others", "subject", "dated", "verb", "soft", "edge", "never", "opening", "giver", "weak", "office",
                   "toward", "partner"}),
        frozenset({"name", "stretch"}),
    ),
    "supplied": (frozenset(get_args(Measure)), frozenset({"before", "after", "unit", "head"})),
    "counted": (frozenset({"count"}), frozenset({"before", "after"})),
    "structure": (None, frozenset({"", "line"})),
    "subject": (frozenset({"verb", "noun", "stop"}), frozenset({""})),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class RuleSet:
    """All rules, validated, with their patterns compiled on first use. Hashes by identity: load it once."""

    units: tuple[UnitRule, ...]
    cues: Mapping[str, tuple[CueRule, ...]]
    topics: tuple[TopicRule, ...]
    macros: Mapping[str, str]
    fingerprint: str
    checks: Mapping[str, CheckRule] = field(default_factory=dict)
    folder: Path = field(default=RULES)
    _compiled: dict[str, regex.Pattern[str]] = field(default_factory=dict, repr=False, compare=False)

    def compile(self, rule: Rule) -> regex.Pattern[str]:
        """The compiled regex of `rule`, macros expanded."""
        return self.compile_text(rule.alternation())

    def compile_text(self, pattern: str) -> regex.Pattern[str]:
        """`pattern` with its macros expanded, compiled once."""
        if pattern not in self._compiled:
            self._compiled[pattern] = compiled(self.expand(pattern))
        return self._compiled[pattern]

    def expand(self, pattern: str) -> str:
        """`pattern` with every <<macro>> replaced by its regex."""
        return MACRO.sub(lambda m: f"(?:{self.expand(self.macros[m[1]])})", pattern)

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """Every rule by its id."""
        rules: list[Rule] = [*self.units, *self.topics, *(c for cues in self.cues.values() for c in cues)]
        return {r.id: r for r in rules}


def load_rules(folder: Path = RULES) -> RuleSet:
    """Reads and validates every rules file under `folder`, once per process.

    Raises RuleError, naming file, rule and key, for the first thing it does not know.
    """
    return _load(folder)


@lru_cache(maxsize=4)
def _load(folder: Path) -> RuleSet:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.toml")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    macros = {k: str(v) for k, v in read_toml(folder / "macros.toml").items()}
    units = read_rules(folder / "units.toml", UnitFile).unit
    cues = {name: read_rules(folder / f"{name}.toml", CueFile).cue for name in CUE_FILES}
    topics = tuple(r for p in sorted((folder / "topics").glob("*.toml")) for r in read_rules(p, TopicFile).rule)
    checks = {c.id: c for c in read_rules(folder / "checks.toml", CheckFile).check}
    rules = RuleSet(units, cues, topics, macros, digest.hexdigest()[:16], checks, folder)
    for name, found in cues.items():
        check_vocabulary(folder / f"{name}.toml", found, *CUE_FILES[name])
    check_all(rules, [*units, *topics, *(c for found in cues.values() for c in found)])
    return rules


def read_toml(path: Path) -> dict[str, object]:
    """The content of a rules file. Raises RuleError if it is missing or no TOML."""
    try:
        return parsed(path.read_text("utf-8"))
    except FileNotFoundError:
        raise RuleError(f"{path}: this rules file is missing; restore it from git") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise RuleError(f"{path}: not valid TOML: {e}") from None


def read_rules(path: Path, model: type[F]) -> F:
    """A rules file as `model`. Raises RuleError, naming rule and key, for the first thing that it does not know."""
    data = read_toml(path)
    try:
        return model.model_validate(data)
    except ValidationError as e:
        first = e.errors()[0]
        raise RuleError(f"{path}: {_where(first['loc'], data)}: {first['msg'].removeprefix('Value error, ')}") from None


def _where(loc: tuple[int | str, ...], data: object) -> str:
    """The place of a validation error in words: the rule by its id, then the key."""
    names: list[str] = []
    for part in loc:
        if isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
            names.append(
                f"rule {data.get('id', f'number {part + 1}')}" if isinstance(data, dict) else f"item {part + 1}"
            )
        elif isinstance(data, dict):
            data = data.get(str(part))
            names.append(f"key {part}")
    return ", ".join(names[1:] or names)


def check_vocabulary(
    path: Path, cues: tuple[CueRule, ...], values: frozenset[str] | None, wheres: frozenset[str]
) -> None:
    """Raises RuleError for a cue of the file `path` whose `value` or `where` is none of these."""
    for cue in cues:
        if values is not None and cue.value not in values:
            raise RuleError(f"{path}: rule {cue.id}: value {cue.value} is none of {', '.join(sorted(values))}")
        if cue.where not in wheres:
            raise RuleError(f"{path}: rule {cue.id}: where {cue.where} is none of {', '.join(sorted(wheres))}")


def check_all(rules: RuleSet, every: list[Rule]) -> None:
    """Raises RuleError if two of the rules have one id, or a pattern cannot be used."""
    seen: set[str] = set()
    for rule in every:
        if rule.id in seen:
            raise RuleError(f"{rules.folder}: two rules have the id {rule.id}; give one of them another")
        seen.add(rule.id)
        for pattern in filter(None, (rule.pattern, getattr(rule, "unless", ""))):
            check_pattern(rules, rule.id, pattern)
    for check in rules.checks.values():
        for pattern in check.cues.values():
            check_pattern(rules, check.id, pattern)


def check_pattern(rules: RuleSet, owner: str, pattern: str) -> None:
    """Raises RuleError if `pattern` does not compile, names an unknown macro, or could run without bound."""
    unknown = [m[1] for m in MACRO.finditer(pattern) if m[1] not in rules.macros]
    if unknown:
        raise RuleError(f"{rules.folder}: rule {owner}: no macro {unknown[0]} in macros.toml")
    if any(
        q["mode"] != "+" and q["base"][-2:] in ("*", "+", ",}") for q in QUANTIFIER.finditer(ATOM.sub("A", pattern))
    ):
        raise RuleError(
            f"{rules.folder}: rule {owner}: * + and {{n,}} may run without end; "
            "write a bound ({0,20}) or make them possessive (*+)"
        )
    try:
        rules.compile_text(pattern)
    except regex.error as e:
        raise RuleError(f"{rules.folder}: rule {owner}: the pattern does not compile: {e}") from None
