"""The house rules of the code itself: who may import whom, where words may stand, how large things may grow.

They are read off the syntax trees, so an import inside a function counts like one at the top.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pipeline"

# In the order of the flow: a module imports only from modules above it. A new module must be given its place here.
GROUND = (
    "errors", "spans", "records", "numerals",
    "recall",  # what is made of rules and kept between runs
    "rules",
    "lexicon",  # jieba's dictionary, which tokens and likeness read
    "tokens",
    "edtf",  # dates in writing
    "gazetteer",  # codes of places by name and year: data, like rules
    "clauses",  # the layout of a sentence, which topics and attributes both read
    "likeness",  # how much a text looks like Chinese: for encodings and double decoding
    "kinds",  # what a section's text shows of its kind: the model that segment asks and train fits
    "lines",  # the lines of a text and the headings they open, which metadata and segment both read
    "metadata",  # title, issuer, date, period: the part of segment that reads what a report says of itself
)  # fmt: skip
STAGES = (
    "read", "normalise", "segment", "quantities",
    "context",  # quantities -> quantities where they stand
    "topics", "attributes", "reconcile",
)  # fmt: skip
AROUND = (
    "arrow",  # pyarrow without pandas
    "schema", "twins", "panel", "derived", "tables", "store", "engine", "fingerprint", "ingest",
    "plan",  # what a run has to do
    "update",  # the composition around the store: look, plan, read, commit, publish
    "watch", "schedule", "metrics", "summary", "explain", "rulecheck",
    "gold", "evaluate",
    "draft",  # a rules file that is tried
    "moves",  # and what it would read otherwise
    "corrections", "confirm",  # rows corrected by hand, and the gold they make
    "scoreboard", "peers", "train", "train_kinds", "taught", "trial",
    "baseline",  # what the fitted weights have to beat
    "bench", "terminal", "cli_store", "cli_judge", "cli", "__main__",
)  # fmt: skip
LAYERS = (*GROUND, *STAGES, "extract", *AROUND)
# The fitted weights are data like the rules: whoever runs the chain loads them once and hands them in.
DATA = "pipeline.topics.model"

HEAVY = {"spacy", "jieba", "sklearn", "scipy", "pandas", "pyarrow", "opencc"}
UNSAFE = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "yaml"}
NETWORK = {"socket", "ssl", "http", "urllib.request", "requests", "httpx", "aiohttp", "ftplib", "smtplib"}
HAN = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
NAME = "村报"  # the project's own name, which help texts and the data package say; no word that a stage looks for
MOST_LINES, MOST_FUNCTION, MEDIAN_FUNCTION, P90_FUNCTION = 400, 60, 10, 35
# Required by another package, not by us.
INDIRECT = {"setuptools": "jieba 0.42.1 imports pkg_resources"}


def name_of(path: Path) -> str:
    """`pipeline.read.encoding` for pipeline/read/encoding.py."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(p): p for p in sorted(PACKAGE.rglob("*.py")) if p != PACKAGE / "__init__.py"}
every_module = pytest.mark.parametrize("module", list(MODULES))


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"))


def unit_of(module: str) -> str:
    """The file or package directly under pipeline/ that a module belongs to."""
    return module.split(".")[1]


def imports_of(module: str) -> Iterator[str]:
    """What `module` imports, at the top or inside a function; `from x import y` gives x.y if that is a module."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: write imports in full"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


def own_imports(module: str) -> set[str]:
    """What `module` imports of the project itself."""
    return {name for name in imports_of(module) if name.startswith("pipeline.")}


def test_every_module_has_a_place() -> None:
    assert sorted({unit_of(m) for m in MODULES}) == sorted(LAYERS)


@every_module
def test_imports_point_upwards(module: str) -> None:
    own = unit_of(module)
    wrong = [i for i in own_imports(module) if unit_of(i) != own and LAYERS.index(unit_of(i)) > LAYERS.index(own)]
    assert not wrong, f"{module} imports from below: {wrong}"


@every_module
def test_stages_do_not_know_one_another(module: str) -> None:
    own = unit_of(module)
    others = {unit_of(i) for i in own_imports(module)} & set(STAGES) - {own}
    assert own not in STAGES or not others, f"the stage {own} imports the stages {sorted(others)}"


@every_module
def test_extract_alone_composes(module: str) -> None:
    """Who imports two stages puts them in an order, and the order is extract.py's to know."""
    stages = {unit_of(i) for i in own_imports(module) if i != DATA} & set(STAGES)
    assert unit_of(module) == "extract" or len(stages) < 2, f"{module} composes {sorted(stages)}"


def test_no_module_of_a_package_imports_in_a_ring() -> None:
    waiting = {m: own_imports(m) - {m} for m in MODULES}
    while free := [m for m, needs in waiting.items() if not needs & waiting.keys()]:
        for module in free:
            del waiting[module]
    assert not waiting


def test_no_bag_of_helpers() -> None:
    assert not [m for m in MODULES if m.rpartition(".")[2] in {"utils", "util", "helpers", "helper", "common", "misc"}]


def docstrings_of(tree: ast.Module) -> set[int]:
    """The ids of the nodes that are docstrings."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr)
    }


def ends_of_ranges(tree: ast.Module) -> set[int]:
    """The ids of the nodes that bound code points ("\\u4e00" <= char <= "\\u9fff"): they stand for no word."""
    chains = (n for n in ast.walk(tree) if isinstance(n, ast.Compare) and len(n.ops) == 2)
    return {id(end) for chain in chains for end in (chain.left, chain.comparators[-1])}


# numerals is about the words of numbers; schema.py documents columns with examples (190万元) and looks for none.
WORDY = {"numerals", "schema"}


@pytest.mark.parametrize("module", [m for m in MODULES if unit_of(m) not in WORDY])
def test_words_are_data(module: str) -> None:
    """No Chinese in string literals, written out or as escapes; docstrings and comments may quote reports."""
    tree = tree_of(module)
    no_words = docstrings_of(tree) | ends_of_ranges(tree)
    found = [
        f"line {node.lineno}: {word}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in no_words
        for word in HAN.findall(node.value.replace(NAME, ""))
    ]
    assert not found, f"{module} holds words that belong into rules/: {found}"


def functions_of(module: str) -> Iterator[tuple[int, str]]:
    """(lines, name) of every function; decorators do not count."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, f"{module}.{node.name}"


@every_module
def test_module_size(module: str) -> None:
    lines = len(MODULES[module].read_text("utf-8").splitlines())
    assert lines <= MOST_LINES, f"{module} has {lines} lines"


@every_module
def test_longest_function(module: str) -> None:
    long = [f"{name}: {lines} lines" for lines, name in functions_of(module) if lines > MOST_FUNCTION]
    assert not long


def test_most_functions_are_short() -> None:
    lines = [n for module in MODULES for n, _ in functions_of(module)]
    assert statistics.median(lines) <= MEDIAN_FUNCTION
    assert statistics.quantiles(lines, n=10)[-1] <= P90_FUNCTION


def speech_of(module: str) -> Iterator[str]:
    """Every way in which `module` could write to the terminal."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield f"line {node.lineno}: print"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr", "os.write"}:
            yield f"line {node.lineno}: {ast.unparse(node)}"
    yield from (f"import {i}" for i in imports_of(module) if i.split(".")[0] in {"rich", "typer", "click", "logging"})


@every_module
def test_only_the_command_line_prints(module: str) -> None:
    said = list(speech_of(module))
    assert bool(said) == (
        module in {"pipeline.cli", "pipeline.cli_judge", "pipeline.cli_store", "pipeline.terminal"}
    ), f"{module}: {said}"


@every_module
def test_nothing_is_unpickled_evaluated_or_fetched(module: str) -> None:
    imported = set(imports_of(module)) | {i.split(".")[0] for i in imports_of(module)}
    called = {n.func.id for n in ast.walk(tree_of(module)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not imported & (UNSAFE | NETWORK)
    assert not called & {"eval", "exec", "__import__"}


@pytest.mark.parametrize("words", [None, ["--help"], ["extract", "--help"], ["explain", "--help"]], ids=str)
def test_heavy_libraries_wait_until_a_command_needs_them(words: list[str] | None) -> None:
    script = (
        "import json, sys\n"
        "from pipeline.cli import main\n"
        f"words = {words!r}\n"
        "if words:\n"
        "    sys.argv = ['cunbao', *words]\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as done:\n"
        "        assert not done.code, done.code\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "typer" in loaded
    assert not loaded & HEAVY


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def distribution(requirement: str) -> str:
    """`scikit-learn` for scikit-learn>=1.5."""
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")


@cache
def distributions_imported() -> frozenset[str]:
    """The packages of the registry that the modules of pipeline/ import, by the names that pyproject.toml uses."""
    homes = importlib.metadata.packages_distributions()
    roots = {i.split(".")[0] for m in MODULES for i in imports_of(m)} - {"pipeline"} - sys.stdlib_module_names
    return frozenset(d.lower().replace("_", "-") for r in roots for d in homes.get(r, [r]))


@pytest.mark.parametrize("package", [p for p in map(distribution, PROJECT["dependencies"]) if p not in INDIRECT])
def test_every_dependency_is_used(package: str) -> None:
    assert package in distributions_imported(), f"{package} is required in pyproject.toml, but nothing imports it"


def test_every_import_is_declared() -> None:
    """As a dependency, or in an extra that is meant for users."""
    extras = {name: needs for name, needs in PROJECT["optional-dependencies"].items() if name != "dev"}
    declared = {distribution(d) for needs in (PROJECT["dependencies"], *extras.values()) for d in needs}
    assert distributions_imported() <= declared
