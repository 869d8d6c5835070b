"""What is kept of the rules between runs is what would be made anew, or it is left aside."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import regex

from pipeline import recall
from pipeline.rules import load_rules

TOML = 'name = "村"\nwords = ["户", "人"]\nfactor = 0.1\n'


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process that has made nothing yet."""
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, empty in (("_documents", {}), ("_patterns", {}), ("_recalled", {}), ("_kept", set())):
        monkeypatch.setattr(recall, name, empty)


def test_patterns_are_those_that_would_be_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load_rules()
    written = [rules.expand(p) for p in rules._compiled]
    anew = [recall.compiled(p) for p in written]
    recall.keep(tmp_path / "kept", tmp_path / "draft")
    forget(monkeypatch)
    monkeypatch.setattr(recall.regex, "compile", lambda text: regex.Regex(text) if not text else pytest.fail(text))
    recall.recall(tmp_path / "kept")
    again = [recall.compiled(p) for p in written]
    assert [recall._taken_apart(p) for p in again] == [recall._taken_apart(p) for p in anew]
    assert not any(a is b for a, b in zip(again, anew, strict=True))
    report = next((Path(__file__).parents[1] / "data" / "raw").glob("*.txt")).read_text("utf-8")[:500]
    assert [[m.span() for m in p.finditer(report)] for p in again] == [
        [m.span() for m in p.finditer(report)] for p in anew
    ]


def test_documents_are_those_that_would_be_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = recall.parsed(TOML)
    recall.keep(tmp_path / "kept", tmp_path / "draft")
    forget(monkeypatch)
    recall.recall(tmp_path / "kept")
    monkeypatch.setattr(recall.tomllib, "loads", pytest.fail)
    assert recall.parsed(TOML) == said == {"name": "村", "words": ["户", "人"], "factor": 0.1}


def other_makers(content: bytes) -> bytes:
    found = json.loads(content.split(b"\n", 1)[1])
    return _signed(json.dumps({**found, "makers": "regex 1"}).encode())


def no_numbers(content: bytes) -> bytes:
    found = json.loads(content.split(b"\n", 1)[1])
    return _signed(json.dumps({**found, "patterns": {"(?:户|人)++": ["tuple", [1]]}}).encode())


def _signed(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-100],
        lambda content: content.replace(b"tuple", b"tuplf", 1),
        lambda content: _signed(b"[]"),
        lambda content: _signed(b"\xff"),
        other_makers,
        no_numbers,
    ],
    ids=["empty", "cut off", "changed", "other content", "no text", "other libraries", "numbers that fit nothing"],
)
def test_what_cannot_be_used_is_made_anew(damage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recall.compiled("(?:户|人)++")
    recall.keep(tmp_path / "kept", tmp_path / "draft")
    (tmp_path / "kept").write_bytes(damage((tmp_path / "kept").read_bytes()))
    forget(monkeypatch)
    recall.recall(tmp_path / "kept")
    assert recall.compiled("(?:户|人)++").findall("三户人，两人") == ["户人", "人"]


def test_what_stands_in_the_file_is_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recall.compiled("户")
    recall.keep(tmp_path / "kept", tmp_path / "draft")
    before = (tmp_path / "kept").stat().st_mtime_ns
    forget(monkeypatch)
    recall.recall(tmp_path / "kept")
    recall.compiled("户")
    recall.keep(tmp_path / "kept", tmp_path / "draft")
    assert (tmp_path / "kept").stat().st_mtime_ns == before


def test_a_run_goes_on_where_nothing_can_be_kept(tmp_path: Path) -> None:
    recall.compiled("户")
    recall.keep(tmp_path / "no folder" / "kept", tmp_path / "no folder" / "draft")
    assert not list(tmp_path.iterdir())
