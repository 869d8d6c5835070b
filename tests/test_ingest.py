"""Which files are read, in which order, and that a bad one becomes a row and stops nothing."""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import NOW, ROOT, needs_permissions, read_tables
from documents import as_docx, empty_pdf, parse

from pipeline import ingest
from pipeline.errors import OptionError
from pipeline.fingerprint import Fingerprint, current
from pipeline.ingest import batches_of, copies_among, read_folder, sources_in
from pipeline.rules import RuleSet, load_rules
from pipeline.store import locked
from pipeline.topics.model import TopicModel
from pipeline.update import Options, Outcome, bring_up_to_date, preview

GOOD = "红柳村工作总结\n一、基本情况\n全村共有农户320户。\n"


def noise(length: int) -> bytes:
    """Bytes without any structure, the same on every run."""
    return b"".join(hashlib.sha256(i.to_bytes(4)).digest() for i in range(length // 32))


def dangle(path: Path) -> None:
    """A link to nothing: it cannot be opened, not even by root."""
    path.symlink_to(path.with_name("nowhere"))


def forbid(path: Path) -> None:
    path.write_text(GOOD, "utf-8")
    path.chmod(0)


EMPTY = "the file is empty; collect it again or remove it"
BLANK = "the file holds only blanks; collect it again or remove it"
NO_TEXT = "this is no text in any known encoding (binary data?); save it as .txt in UTF-8"
UNKNOWN = "files of type .xyz are not read; save it as .txt in UTF-8"
MISSING = "cannot be opened (No such file or directory); check that it exists and may be read"
FORBIDDEN = "cannot be opened (Permission denied); check that it exists and may be read"
FOREIGN = "これは別の国の言葉で書かれた長い文です。".encode("shift-jis")
BAD: dict[str, tuple[str, Callable[[Path], object], str, str]] = {
    "empty": ("bad.txt", lambda p: p.write_bytes(b""), "empty", EMPTY),
    "blank": ("bad.txt", lambda p: p.write_bytes(b" \r\n\t"), "empty", EMPTY),
    "wide blanks": ("bad.txt", lambda p: p.write_text("\u3000\n", "utf-8"), "empty", BLANK),
    "binary": ("bad.txt", lambda p: p.write_bytes(noise(5000)), "failed", NO_TEXT),
    "unknown encoding": ("bad.txt", lambda p: p.write_bytes(FOREIGN), "failed", NO_TEXT),
    "unsupported": ("bad.xyz", lambda p: p.write_text(GOOD, "utf-8"), "unsupported", UNKNOWN),
    "dangling link": ("bad.txt", dangle, "failed", MISSING),
    "forbidden": ("bad.txt", forbid, "failed", FORBIDDEN),
}
BAD_CASES = [
    pytest.param(*case, id=name, marks=needs_permissions if name == "forbidden" else ()) for name, case in BAD.items()
]


@pytest.mark.parametrize(("name", "make", "status", "said"), BAD_CASES)
def test_a_bad_file_is_a_row_and_the_rest_is_read(
    tmp_path: Path, name: str, make: Callable[[Path], object], status: str, said: str
) -> None:
    (tmp_path / "a.txt").write_text(GOOD, "utf-8")
    make(tmp_path / name)
    (tmp_path / "c.txt").write_text(GOOD + "修路3公里。", "utf-8")
    tables = read_tables(tmp_path)
    rows = {row["source"]: row for row in tables["sources"].to_pylist()}
    assert list(rows) == ["a.txt", name, "c.txt"]
    bad = rows[name]
    assert (bad["status"], bad["error"]) == (status, f"{name}: {said}")
    assert (bad["reports"], bad["observations"], bad["format"], bad["encoding"]) == (0, 0, None, None)
    assert bad["ingested_at"] == NOW
    assert [(rows[n]["status"], rows[n]["error"], rows[n]["observations"]) for n in ("a.txt", "c.txt")] == [
        ("ok", None, 1), ("ok", None, 2)
    ]  # fmt: skip
    assert set(tables["observations"]["source"].to_pylist()) == {"a.txt", "c.txt"}


SPOILT: list[tuple[str, Callable[[Path], object]]] = [
    *((case[0], case[1]) for name, case in BAD.items() if name != "forbidden"),
    ("bad.docx", lambda p: p.write_bytes(as_docx(parse(GOOD))[:-100])),  # cut off while it was copied
    ("bad.docx", lambda p: p.write_bytes(GOOD.encode())),
    ("bad.pdf", lambda p: p.write_bytes(empty_pdf(1))),  # a scan: there is no text in it
    ("bad.pdf", lambda p: p.write_bytes(b"%PDF-1.4\n" + noise(640))),
    ("bad.html", lambda p: p.write_bytes(b"")),
    ("bad.zip", lambda p: p.write_bytes(b"PK\x03\x04" + noise(640))),
    ("bad.doc", lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise(640))),
]


def test_fifty_bad_files_among_five_hundred_good_ones(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    good = [f"{i:03}.txt" for i in range(500)]
    for i, name in enumerate(good):
        put(raw, name, GOOD + f"修路{i + 1}公里。")
    bad = [f"{i * 10 + 5:03} {SPOILT[i % len(SPOILT)][0]}" for i in range(50)]
    for i, name in enumerate(bad):
        SPOILT[i % len(SPOILT)][1](raw / name)
    outcome = update(raw, out)
    sources = pq.read_table(out / "sources").to_pylist()
    assert [r["source"] for r in sources if r["status"] == "ok"] == good
    explained = {r["source"]: r["error"] for r in sources if r["status"] in ("failed", "empty", "unsupported")}
    assert list(explained) == bad
    assert outcome.failed == tuple(explained.items())
    assert all(e.startswith(f"{name}: ") and "; " in e and "\n" not in e for name, e in explained.items())
    assert not [e for e in explained.values() if "the program failed" in e]
    assert pq.read_table(out / "observations")["source"].to_pylist() == sorted(good * 2)
    assert [line.split(" (")[0] for line in told(out)] == [*(e.split(" (")[0] for e in explained.values()), TOTAL]


TOTAL = "50 files could not be read"


def told(out: Path) -> list[str]:
    """What `cunbao failures` says."""
    return command("failures", "--out", out).stdout.splitlines()


def test_a_bad_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(noise(640))
    (row,) = read_tables(tmp_path)["sources"].to_pylist()
    assert (row["sha256"], row["bytes"]) == (hashlib.sha256(noise(640)).hexdigest(), 640)


def test_only_bad_files_still_give_whole_tables(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"")
    tables = read_tables(tmp_path)
    assert tables["sources"].num_rows == 1
    assert tables["observations"].num_rows == 0


ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_same_report_in_any_encoding_gives_the_same_rows(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes((codecs.BOM_UTF16_LE if encoding == "utf-16" else b"") + GOOD.encode(
        "utf-16-le" if encoding == "utf-16" else encoding
    ))  # fmt: skip
    (row,) = read_tables(tmp_path)["observations"].to_pylist()
    at = GOOD.index("320户")
    assert (row["raw_start"], row["raw_end"], row["raw_text"], row["value"]) == (at, at + 4, "320户", 320.0)


def test_what_sources_say_of_a_file_that_was_read(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_bytes(GOOD.encode("gb18030"))
    (row,) = read_tables(tmp_path)["sources"].to_pylist()
    data = GOOD.encode("gb18030")
    assert row == {
        "source": "sub/a.txt", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "format": "txt",
        "encoding": "gb18030", "encoding_how": row["encoding_how"], "extractor": None, "status": "ok", "error": None,
        "reports": 1, "observations": 1, "ingested_at": NOW, "fingerprint": current().whole,
    }  # fmt: skip
    assert row["encoding_how"].startswith("character frequencies")


# --- which files


def test_files_are_taken_from_all_folders_in_one_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/b/c.txt", "甲/乙.txt", ".hidden.txt", ".git/x.txt", "a/.~lock", "B.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(GOOD, "utf-8")
    found = sources_in(tmp_path)
    assert [source for source, _ in found] == sorted(["B.md", "a/b/c.txt", "a/z.txt", "b.txt", "甲/乙.txt"])
    assert all(path == tmp_path / source for source, path in found)


def test_the_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    tables = []
    for folder, names in (("one", ["a.txt", "b.txt"]), ("two", ["b.txt", "a.txt"])):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_text(GOOD + name, "utf-8")
        tables.append({name: t.to_pylist() for name, t in read_tables(tmp_path / folder).items()})
    assert tables[0] == tables[1]


@pytest.mark.skipif(os.name != "posix", reason="names of other systems are text")
def test_a_name_that_is_no_text_is_shown_with_replacements(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xb4\xe5.txt")).write_text(GOOD, "utf-8")
    except OSError:
        pytest.skip("this file system refuses such names")
    (row,) = read_tables(tmp_path)["sources"].to_pylist()
    assert (row["source"], row["status"]) == ("\ufffd\ufffd.txt", "ok")


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text(GOOD, "utf-8")
    with pytest.raises(OptionError) as refused:
        sources_in(tmp_path / name)
    assert str(refused.value) == (
        f"{tmp_path / name}: there is no such folder of reports; give the folder that holds them with --raw"
    )


@needs_permissions
def test_a_subfolder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    with pytest.raises(OptionError, match=r"locked: this folder cannot be read \(Permission denied\)"):
        sources_in(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_only_regular_files_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    opened: list[Path] = []

    def read_bytes(path: Path) -> bytes:
        opened.append(path)
        return GOOD.encode()

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    status = read_tables(tmp_path)["sources"]["status"].to_pylist()
    assert opened == []
    assert status in (["failed"], ["unsupported"], [])


# --- copies and batches


def test_copies_are_told_apart_by_their_name_but_the_first(tmp_path: Path) -> None:
    for name, text in {"a": GOOD, "b": GOOD, "c": GOOD + "。", "d": GOOD, "e": GOOD[::-1]}.items():
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    dangle(tmp_path / "f.txt")
    assert copies_among(sources_in(tmp_path)) == {"b.txt": "b.txt", "d.txt": "d.txt"}


@pytest.mark.parametrize("size", [1, 150, 10**9], ids=["one by one", "a few", "all at once"])
def test_batches_hold_every_file_once_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for i in range(7):
        (tmp_path / f"{i}.txt").write_text(GOOD * (i % 3), "utf-8")
    monkeypatch.setattr(ingest, "BATCH_BYTES", size)
    files = sources_in(tmp_path)
    batches = batches_of(files, load_rules().folder, "f1", NOW)
    assert [file for batch in batches for file in batch.files] == files
    assert all(batch.files for batch in batches)
    assert {s: salt for batch in batches for s, salt in batch.salts.items()} == copies_among(files)


def test_batches_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"a": GOOD, "b": GOOD, "c": "", "d": GOOD + "修路3公里,脱贫xx户。"}.items():
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    whole = {name: table.to_pylist() for name, table in read_tables(tmp_path).items()}
    monkeypatch.setattr(ingest, "BATCH_BYTES", 1)
    parts = read_tables(tmp_path)
    assert {name: table.to_pylist() for name, table in parts.items()} == whole
    assert all(
        isinstance(parts["observations"].to_pandas()[c].dtype, pd.CategoricalDtype) for c in ("topic", "measure")
    )


def test_progress_counts_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(3):
        (tmp_path / f"{i}.txt").write_text(GOOD if i else "", "utf-8")
    monkeypatch.setattr(ingest, "BATCH_BYTES", 1)
    said: list[tuple[int, int]] = []
    read_folder(tmp_path, load_rules(), jobs=1, ingested_at=dt.datetime.now(dt.UTC), progress=lambda *n: said.append(n))
    assert said[0] == (0, 3)
    assert said[-1] == (3, 3)
    assert said == sorted(said)


# --- what a run does again, and what not


def update(raw: Path, out: Path, *, now: dt.datetime = NOW, allow_empty: bool = False) -> Outcome:
    return bring_up_to_date(raw, out, Options(allow_empty=allow_empty), now=now, progress=lambda done, total: None)


def shown(out: Path) -> dict[str, list[dict[str, object]]]:
    """What readers see, but when it was read; without removed sources, which a run from scratch cannot know."""
    frames = {p.parent.name: pq.read_table(p).to_pylist() for p in sorted(out.glob("*/data.parquet"))}
    return {n: [{**r, "ingested_at": None} for r in rows if r.get("status") != "removed"] for n, rows in frames.items()}


def put(raw: Path, name: str, text: str = GOOD) -> None:
    (raw / name).parent.mkdir(parents=True, exist_ok=True)
    (raw / name).write_text(text, "utf-8")


CHANGES: dict[str, tuple[Callable[[Path], object], dict[str, int], int]] = {
    "nothing": (lambda raw: None, {}, 0),
    "touched": (lambda raw: os.utime(raw / "a.txt"), {}, 0),
    "new": (lambda raw: put(raw, "c.txt", GOOD + "丙"), {"new": 1}, 1),
    "changed": (lambda raw: put(raw, "a.txt", GOOD + "改"), {"changed": 1}, 1),
    "moved": (lambda raw: (raw / "a.txt").rename(raw / "z.txt"), {"moved": 1}, 0),
    "another type": (lambda raw: (raw / "a.txt").rename(raw / "a.md"), {"new": 1, "removed": 1}, 1),
    "removed": (lambda raw: (raw / "a.txt").unlink(), {"removed": 1}, 0),
    "copied behind": (lambda raw: put(raw, "c.txt", GOOD), {"new": 1}, 1),
    "copied before": (lambda raw: put(raw, "A.txt", GOOD), {"new": 1, "copies changed": 1}, 2),
    "swapped": (
        lambda raw: [(raw / a).rename(raw / b) for a, b in (("a.txt", "x"), ("b.txt", "a.txt"), ("x", "b.txt"))],
        {"changed": 2},
        2,
    ),
}


@pytest.mark.parametrize(("change", "reasons", "read"), list(CHANGES.values()), ids=list(CHANGES))
def test_only_what_must_be_read_is_read_and_the_result_is_that_of_a_run_from_scratch(
    tmp_path: Path, change: Callable[[Path], object], reasons: dict[str, int], read: int
) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    put(raw, "a.txt")
    put(raw, "b.txt", GOOD + "修路3公里。")
    update(raw, out)
    change(raw)
    assert preview(raw, out, Options(), now=NOW).reasons() == reasons
    outcome = update(raw, out)
    assert (outcome.plan.reasons(), outcome.read, outcome.published) == (reasons, read, bool(reasons))
    update(raw, tmp_path / "scratch")
    assert shown(out) == shown(tmp_path / "scratch")
    assert not update(raw, out).published


def test_ten_orders_of_arrival_give_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    # Each says something else, so that Arrow meets the values of closed vocabularies in another order each time.
    said = ["计划修路3公里。", "修路3公里。", "", "脱贫户12户,比上年增加3户。", "计划脱贫20户,人均收入3000元。"]
    names = [f"{i}.txt" for i in range(5)]
    seen = []
    for seed in range(10):
        raw, out = tmp_path / f"raw {seed}", tmp_path / f"out {seed}"
        order = random.Random(seed).sample(names, len(names))
        for arrived in (order[:2], order[2:3], order[3:]):
            for name in arrived:
                put(raw, name, GOOD + said[int(name[0])])
                put(raw, f"copy of {name}", GOOD + said[int(name[0]) % 3])
            update(raw, out)
        seen.append(shown(out))
    assert all(s == seen[0] for s in seen)


def test_changed_rules_read_everything_again_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "raw", "a.txt")
    update(tmp_path / "raw", tmp_path / "out")
    mark = Fingerprint("other rules", current().code)
    monkeypatch.setattr("pipeline.update.current", lambda rules: mark)
    outcome = update(tmp_path / "raw", tmp_path / "out")
    assert outcome.plan.reasons() == {"rules or code changed": 1}
    assert pq.read_table(tmp_path / "out" / "sources")["fingerprint"].to_pylist() == [mark.whole]


def test_the_fingerprint_of_rules_is_that_of_the_rules_that_are_loaded() -> None:
    assert current().rules == load_rules().fingerprint


def test_a_failed_file_is_tried_again_after_a_while_that_grows(tmp_path: Path) -> None:
    put(tmp_path / "raw", "a.txt")
    put(tmp_path / "raw", "bad.txt", "")
    days = [0.0, 0.5, 1.0, 2.0, 3.0, 6.0, -5.0]
    read = [update(tmp_path / "raw", tmp_path / "out", now=NOW + dt.timedelta(days=d)).read for d in days]
    assert read == [2, 0, 1, 0, 1, 0, 1]
    put(tmp_path / "raw", "bad.txt", GOOD + "好")
    assert update(tmp_path / "raw", tmp_path / "out").failed == ()


def test_a_fault_of_the_program_is_a_failure_of_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline import extract

    original = extract.extract_file

    def broken(path: Path, source: str, rules: RuleSet, model: TopicModel) -> object:
        if path.name == "b.txt":
            raise RecursionError
        return original(path, source, rules, model)

    monkeypatch.setattr(extract, "extract_file", broken)
    for name in ("a.txt", "b.txt", "c.txt"):
        put(tmp_path / "raw", name, GOOD + name)
    outcome = update(tmp_path / "raw", tmp_path / "out")
    assert outcome.failed == (
        ("b.txt", "b.txt: the program failed on this file (RecursionError); report it together with the file"),
    )
    assert outcome.sources == {"ok": 2, "failed": 1}


def test_an_empty_folder_that_was_full_is_taken_for_a_mistake(tmp_path: Path) -> None:
    put(tmp_path / "raw", "a.txt")
    update(tmp_path / "raw", tmp_path / "out")
    (tmp_path / "raw" / "a.txt").unlink()
    with pytest.raises(OptionError, match="check that the folder is mounted, or give --allow-empty"):
        update(tmp_path / "raw", tmp_path / "out")
    update(tmp_path / "raw", tmp_path / "out", allow_empty=True)
    assert pq.read_table(tmp_path / "out" / "sources")["status"].to_pylist() == ["removed"]


def test_members_of_an_archive_are_known_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for texts in (["甲"], ["甲", "乙"]):
        with zipfile.ZipFile(tmp_path / "raw" / "a.zip", "w") as archive:
            for i, text in enumerate(texts):
                archive.writestr(f"{i}.txt", GOOD + text)
        outcome = update(tmp_path / "raw", tmp_path / "out")
        assert outcome.read == 1
    assert pq.read_table(tmp_path / "out" / "sources")["source"].to_pylist() == ["a.zip/0.txt", "a.zip/1.txt"]


def command(*words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "500"}
    whole = [sys.executable, "-m", "pipeline", *map(str, words)]
    return subprocess.run(whole, env=environment, capture_output=True, text=True, check=False)


def test_ingest_tells_a_scheduler_what_it_did(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    put(raw, "a.txt")
    codes = []
    for bad in (False, False, True):
        if bad:
            put(raw, "b.txt", "")
        done = command("ingest", "--raw", raw, "--out", out)
        codes.append(done.returncode)
        events = [json.loads(line) for line in done.stderr.splitlines()]
        assert (events[-1]["event"], events[-1]["code"]) == ("ended", done.returncode)
        assert done.stdout.count("\n") == 1
        assert f"cunbao_last_run_exit_code {done.returncode}\n" in (out / ".store" / "metrics.prom").read_text("utf-8")
    with locked(out):
        done = command("ingest", "--raw", raw, "--out", out)
    codes.append(done.returncode)
    assert codes == [0, 6, 4, 7]
    assert "another run is writing there (process " in done.stderr
    assert "b.txt: the file is empty; collect it again or remove it" in command("failures", "--out", out).stdout
