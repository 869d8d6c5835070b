"""Files made to do harm, and broken ones: each is a row with one sentence, in bounded memory, and the run goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import documents as build
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import extract
from pipeline.errors import ReadError
from pipeline.read import archive, read_source, sandbox
from pipeline.read.worker import answer_to
from pipeline.records import Failure
from pipeline.rules import load_rules
from pipeline.topics.model import load_model

MEGABYTE = 1_000_000
MEMORY = 2500 * MEGABYTE  # of address space, for each process of the run; the libraries alone map 1,500
GOOD = "红柳村工作总结\n全村共有农户320户。\n"


def written(path: Path, piece: bytes, times: int) -> None:
    """A large file, piece by piece."""
    with path.open("wb") as file:
        for _ in range(times):
            file.write(piece)


def packed(path: Path, name: str, piece: bytes, times: int) -> None:
    """An archive with one large member, packed piece by piece."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file, file.open(name, "w") as member:
        for _ in range(times):
            member.write(piece)


def bytes_of(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def document(xml: str | bytes) -> Callable[[Path], object]:
    """A Word file whose document is this XML."""
    return bytes_of(build.raw_docx("", more={"word/document.xml": xml}))


LAUGHS = "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
BOMB = f'<!DOCTYPE x [<!ENTITY a "lollollollol">{LAUGHS}]>'
WORD = f'<w:document xmlns:w="{build.W}"><w:body><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:body></w:document>'
NESTED = "<w:tbl><w:tr><w:tc>" * 200 + build.para("35户") + "</w:tc></w:tr></w:tbl>" * 200
TRAP = "look at it before using it"
ENTITIES = "a.docx: word/document.xml in it declares entities, which Word never does; do not use it"
CATALOG = "<</Type/Catalog/Pages 2 0 R>>"
MANY = {f"{i}.txt": "" for i in range(archive.MAX_MEMBERS + 1)}

HOSTILE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a line of 200 MB": (
        "a.txt",
        lambda path: written(path, b"x" * MEGABYTE, 200),
        "a.txt: 200,000,000 bytes are more than the 64,000,000 a report may have; split the file",
    ),
    "a line of 70 MB, packed": (
        "a.zip",
        lambda path: packed(path, "b.txt", b"x" * MEGABYTE, 70),
        "a.zip/b.txt: 70,000,000 bytes are more than the 64,000,000 a report may have; split the file",
    ),
    "a bomb of 60 MB, packed": (
        "a.zip",
        lambda path: packed(path, "b.txt", b"x" * MEGABYTE, 60),
        f"a.zip/b.txt: * bytes would unpack to 60,000,000; {TRAP}",
    ),
    "a zip bomb in a Word file": (
        "a.docx",
        lambda path: packed(path, "word/document.xml", b" " * MEGABYTE, 40),
        "a.docx: word/document.xml in it has 40,000,000 bytes, more than the 32,000,000 allowed; split the file",
    ),
    "a dense part in a Word file": (
        "a.docx",
        document(WORD % ("x" * 5 * MEGABYTE)),
        f"a.docx: word/document.xml in it: * bytes would unpack to 5,000,*; {TRAP}",
    ),
    "too many files": (
        "a.zip",
        bytes_of(build.packed(MANY)),
        "a.zip: it holds 10,001 files, more than the 10,000 allowed; unpack it yourself",
    ),
    "an entity bomb in a Word file": ("a.docx", document(BOMB + WORD % "&j;"), ENTITIES),
    "an entity bomb in UTF-16": (
        "a.docx",
        document(("<?xml version='1.0' encoding='utf-16'?>" + BOMB + WORD % "&j;").encode("utf-16")),
        ENTITIES,
    ),
    "a file that asks for another": (
        "a.docx",
        document("<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + WORD % "&a;"),
        ENTITIES,
    ),
    "an entity bomb in a page": (
        "a.html",
        bytes_of(f"{BOMB}<html><p>&j;</p>".encode()),
        "a.html: the page declares entities, which pages never do; do not use it",
    ),
    "a deeply nested Word file": (
        "a.docx",
        bytes_of(build.raw_docx(NESTED)),
        "a.docx: word/document.xml in it is nested too deeply; save the file anew or as .txt",
    ),
    "a deeply nested page": (
        "a.html",
        bytes_of(b"<html>" + b"<div>" * 100_000 + "35户。".encode()),
        "a.html: the page is nested too deeply, or one of its parts is too long; save it as .txt",
    ),
    "a page of one long word": (
        "a.html",
        bytes_of(b"<html><p>" + b"x" * 11 * MEGABYTE),
        "a.html: the page is nested too deeply, or one of its parts is too long; save it as .txt",
    ),
    "a page of tags": (
        "a.html",
        bytes_of(b"<html>" + b"<b>x</b>" * 300_000),
        "a.html: the page has more than 400,000 tags; save its text as .txt",
    ),
    "a PDF of 10,000 empty pages": (
        "a.pdf",
        bytes_of(build.empty_pdf(10_000)),
        "a.pdf: it has more than 1,000 pages; split the file",
    ),
    "a PDF whose pages are their own parent": (
        "a.pdf",
        bytes_of(build.plain_pdf([CATALOG, "<</Type/Pages/Kids[2 0 R]/Count 1>>"])),
        "a.pdf: no text layer: the pages are pictures or empty; run text recognition (OCR) first",
    ),
    "half a PDF": (
        "a.pdf",
        bytes_of(build.empty_pdf(3)[:150]),
        "a.pdf: it is no .pdf file or damaged (*); save it anew or as .txt",
    ),
    "half a Word file": (
        "a.docx",
        bytes_of(build.raw_docx(build.para("35户"))[:400]),
        "a.docx: it is no .docx file or damaged; save it anew or as .txt",
    ),
    "broken XML": (
        "a.docx",
        document("<w:document><w:body>"),
        "a.docx: word/document.xml in it is damaged; save the file anew or as .txt",
    ),
    "no document in it": (
        "a.docx",
        document("<x/>"),
        "a.docx: it is no .docx file or damaged (no document in it); save it anew or as .txt",
    ),
    "half an archive": (
        "a.zip",
        bytes_of(build.packed({"b.txt": GOOD})[:60]),
        "a.zip: this archive is damaged; pack it again or unpack it yourself",
    ),
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The table `sources` of one run over all of them and a good file, by the command line, with little memory."""
    folder = tmp_path_factory.mktemp("hostile")
    for i, (name, make, _) in enumerate(HOSTILE.values()):
        (folder / "raw" / f"{i:02d}").mkdir(parents=True)
        make(folder / "raw" / f"{i:02d}" / name)
    (folder / "raw" / "good.txt").write_text(GOOD, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "extract", "--quiet", "--raw", folder / "raw", "--out", folder / "out"],
        cwd=ROOT, preexec_fn=limit_memory if os.name == "posix" else None, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (4, ""), "4: some files could not be read"
    return pd.read_parquet(folder / "out" / "sources").set_index("source")


def limit_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_a_row_with_one_sentence(rows: pd.DataFrame, case: str) -> None:
    folder = f"{list(HOSTILE).index(case):02d}/"
    (row,) = [row for source, row in rows.iterrows() if str(source).startswith(folder)]
    before, *after = HOSTILE[case][2].split("*")
    assert row["status"] == "failed"
    said = str(row["error"]).removeprefix(folder)
    assert said.startswith(before)
    assert all(piece in said for piece in after)
    assert said.endswith(after[-1] if after else before)
    assert "\n" not in said


def test_the_other_files_are_read(rows: pd.DataFrame) -> None:
    assert len(rows) == len(HOSTILE) + 1
    assert (rows.loc["good.txt", "status"], rows.loc["good.txt", "observations"]) == ("ok", 1)


# --- what no limit on sizes foresees: the reading process is stopped, and the next file gets a new one


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> sandbox.Reader:
    """A reading process of the test's own."""
    reader = sandbox.Reader()
    monkeypatch.setattr(sandbox, "READER", reader)
    yield reader
    reader.stop()


def read(folder: Path, name: str, data: bytes) -> str:
    (folder / name).write_bytes(data)
    return read_source(folder / name, name).text


ATTRIBUTES = b"<html><p " + b" ".join(b"a%d=1" % i for i in range(200_000)) + b">x"  # minutes in libxml2
ZEROS = zlib.compress(zlib.compress(b"0 " * 100 * MEGABYTE, 9), 9).decode("latin-1")
TWICE = f"<</Length {len(ZEROS)}/Filter[/FlateDecode/FlateDecode]>>stream\n{ZEROS}\nendstream"
PAGE = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>"
PACKED_PDF = build.plain_pdf([CATALOG, "<</Type/Pages/Kids[3 0 R]/Count 1>>", PAGE, TWICE])
ENDLESS = [("a.html", ATTRIBUTES), ("a.pdf", PACKED_PDF)]


@pytest.mark.parametrize(("name", "data"), ENDLESS, ids=["a page of attributes", "a PDF packed twice"])
def test_a_file_that_takes_for_ever_is_given_up(
    tmp_path: Path, reader: sandbox.Reader, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes
) -> None:
    monkeypatch.setattr(sandbox, "TIME_LIMITS", {"html": 1.0, "pdf": 1.0})
    with pytest.raises(ReadError, match=rf"^{name}: it cannot be read in 1 seconds; split it or save it as \.txt$"):
        read(tmp_path, name, data)
    monkeypatch.setattr(sandbox, "TIME_LIMITS", {"html": 60.0})
    assert read(tmp_path, "b.html", b"<html><p>35") == "35\n"


@pytest.mark.skipif(os.name != "posix", reason="only there the operating system limits memory")
@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (160 * MEGABYTE, "a.html: reading it needs more memory than a report may take; split it or save it as .txt"),
        (5 * MEGABYTE, "a.html: it stops the reader of .html files (hostile or damaged?); save it as .txt"),
    ],
    ids=["refused", "broken"],
)
def test_memory_is_limited(
    tmp_path: Path, reader: sandbox.Reader, monkeypatch: pytest.MonkeyPatch, limit: int, said: str
) -> None:
    monkeypatch.setattr(sandbox, "MEMORY_LIMIT", limit)
    with pytest.raises(ReadError) as refused:
        read(tmp_path, "a.html", b"<html>" + b"<p>35" * 390_000)
    assert str(refused.value) == said
    monkeypatch.undo()
    assert read(tmp_path, "b.html", b"<html><p>35") == "35\n"


def test_one_process_reads_many_files_and_is_renewed(
    tmp_path: Path, reader: sandbox.Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "RENEW", 2)
    monkeypatch.setattr(sandbox, "READER", reader)
    processes = []
    for i in range(4):
        read(tmp_path, f"{i}.html", b"<html><p>35")
        processes.append(reader._process)
    assert processes[0] is processes[1]
    assert processes[1] is not processes[2]
    assert processes[2] is processes[3]


def test_a_text_too_large_for_this_machine_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(extract, "read_text", exhausted)
    (tmp_path / "a.txt").write_text(GOOD, "utf-8")
    failure = extract.extract_file(tmp_path / "a.txt", "a.txt", load_rules(), load_model())
    assert isinstance(failure, Failure)
    assert failure.error == "a.txt: reading it needs more memory than there is; split it"


# --- damage of any kind

WHOLE = {
    "docx": build.as_docx(build.parse(GOOD + "一组\t12户\n1.\t养羊")),
    "pdf": build.as_pdf(build.parse(GOOD)),
    "html": build.as_html(build.parse(GOOD + "一组\t12户\n1.\t养羊")),
}


@pytest.mark.parametrize("form", WHOLE)
@settings(max_examples=40)
@given(data=st.data())
def test_damage_gives_a_text_or_a_sentence(form: str, data: st.DataObject) -> None:
    whole = bytearray(WHOLE[form])
    for _ in range(data.draw(st.integers(1, 20))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    answer = answer_to(form, bytes(whole[: data.draw(st.integers(1, len(whole)))]), "a")
    assert set(answer) in ({"text", "extractor"}, {"error", "status"})
    assert answer.get("error", "a: ").startswith("a: ")


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_archive_gives_members_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    whole = bytearray(build.packed({"甲.txt": GOOD, "b/乙.txt": GOOD * 20}))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    for file in [path / name for name in archive.members_of(path)] or [path]:
        assert outcome(file).startswith("a: ")


def outcome(path: Path) -> str:
    """What is read of a file, or why nothing is."""
    try:
        return f"a: {read_source(path, 'a').text}"
    except ReadError as error:
        return str(error)
