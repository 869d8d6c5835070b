"""Other projects' test data: every format is understood, judged as it says, and what is out of scope has a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import OptionError
from pipeline.peers import Case, Verdict, boards, cases_of, judge, judge_suites, scores
from pipeline.rules import load_rules


def result(text: str, part: str, value: str, kind: str = "number") -> dict[str, Any]:
    start = text.index(part)
    return {
        "Text": part,
        "TypeName": kind,
        "Start": start,
        "End": start + len(part) - 1,
        "Resolution": {"value": value},
    }


def write(folder: Path, name: str, data: object) -> Path:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    path = folder / name
    path.write_text("\ufeff" + text, "utf-8")
    return path


def verdict(case: Case) -> Verdict:
    return judge(case, load_rules())


def number(text: str, *expected: tuple[str, float]) -> Case:
    spans = tuple((text.index(part), text.index(part) + len(part), value) for part, value in expected)
    return Case("made.json", "number", text, spans)


RIGHT = [
    number("三百二十七", ("三百二十七", 327)),
    number("买了七只羊", ("七", 7)),
    number("既不是八百四,也不是八百六", ("八百四", 840), ("八百六", 860)),
    number("七分之一", ("七分之一", 0.142857)),
    number("一看便知"),
    Case("made.json", "percentage", "提高了百分之四十二", ((0, 0, 42.0),)),
    Case("made.json", "percentage", "打六八折", ((0, 0, 68.0),)),
    Case("made.json", "percentage", "共七人"),
    Case("made.json", "dimension", "总长37公里", ((2, 6, 37.0),)),
    Case("made.json", "dimension", "说来话长"),
    Case("made.txt", "spoken", "九百零七", other="907"),
    Case("made.txt", "spoken", "七八千元", other="¥7000~8000"),
    Case("made.txt", "spoken", "五十七八", other="57-8"),
    Case("made.txt", "spoken", "百分之六点五", other="6.5%"),
    Case("made.txt", "spoken", "四十二欧元", other="€42"),
    Case("made.json", "script", "農戶養雞", other="农户养鸡"),
]
WRONG = [
    number("三百二十七", ("三百二十七", 326)),
    number("买了七只羊", ("七", 7), ("羊", 1)),
    number("买了七只羊"),
    Case("made.json", "percentage", "提高了百分之四十二", ((0, 0, 41.0),)),
    Case("made.json", "percentage", "提高了百分之四十二"),
    Case("made.json", "dimension", "总长37公里", ((2, 6, 38.0),)),
    Case("made.json", "dimension", "总长37公里"),
    Case("made.txt", "spoken", "九百零七", other="908"),
    Case("made.txt", "spoken", "七八千元", other="¥7000~9000"),
    Case("made.json", "script", "農戶養雞", other="农户養鸡"),
]
OUTSIDE = [number("2^7", ("2^7", 128)), number("三打", ("三打", 36)), Case("made.txt", "spoken", "洞洞拐", other="007")]


@pytest.mark.parametrize("case", RIGHT, ids=lambda c: c.text)
def test_right(case: Case) -> None:
    assert verdict(case).right
    assert not verdict(case).reason


@pytest.mark.parametrize("case", WRONG, ids=lambda c: c.text)
def test_wrong(case: Case) -> None:
    assert not verdict(case).right
    assert not verdict(case).reason
    assert verdict(case).found


@pytest.mark.parametrize("case", OUTSIDE, ids=lambda c: c.text)
def test_out_of_scope_has_a_reason(case: Case) -> None:
    assert verdict(case).reason
    assert not verdict(case).right


def test_a_recognizers_suite(tmp_path: Path) -> None:
    texts = ["五百零三", "廿七户"]
    path = write(
        tmp_path,
        "recognizers-Made.json",
        [
            {"Input": texts[0], "Results": [result(texts[0], "五百零三", "503")]},
            {"Input": texts[1], "Results": [result(texts[1], "廿七", "27")]},
            {"Input": "去年", "Results": [{"Text": "去年", "Resolution": {"values": []}}]},
            {"Input": "无", "Results": []},
        ],
    )
    found = list(cases_of(path))
    assert [(c.kind, c.text, c.expected) for c in found] == [
        ("number", "五百零三", ((0, 4, 503.0),)),
        ("number", "廿七户", ((0, 2, 27.0),)),
        ("number", "无", ()),
    ]


def test_pairs_of_spoken_and_written(tmp_path: Path) -> None:
    path = write(tmp_path, "made.txt", "六十三 => 63\n\n七成~70%\nno pair here\n")
    assert [(c.kind, c.text, c.other) for c in cases_of(path)] == [
        ("spoken", "六十三", "63"),
        ("spoken", "七成", "70%"),
    ]


def test_an_opencc_suite_with_trailing_commas(tmp_path: Path) -> None:
    path = write(
        tmp_path, "made.json", '{"cases": [{"input": "穀倉", "expected": {"t2s": "谷仓",},},{"expected": {}},],}'
    )
    assert [(c.kind, c.text, c.other) for c in cases_of(path)] == [("script", "穀倉", "谷仓")]


@pytest.mark.parametrize("name", ["notes.md", "made.csv"])
def test_other_files_are_left_alone(tmp_path: Path, name: str) -> None:
    assert list(cases_of(write(tmp_path, name, "六十三 => 63"))) == []


def test_broken_data_are_named(tmp_path: Path) -> None:
    write(tmp_path, "made.json", "[{]")
    with pytest.raises(OptionError, match=r"made\.json: these test data cannot be read"):
        judge_suites(tmp_path, load_rules())


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="holds no test data"):
        judge_suites(tmp_path, load_rules())


VERDICTS = [
    Verdict(Case("a.txt", "spoken", "一"), right=True),
    Verdict(Case("a.txt", "spoken", "二", other="3"), right=False, found="2 | 3"),
    Verdict(Case("a.txt", "spoken", "洞"), right=False, reason="radio"),
    Verdict(Case("recognizers-NumberModel.json", "number", "三"), right=True),
]


def test_each_suite_has_a_line_and_the_peer_its_own_score() -> None:
    assert [(s.suite, s.cases, s.in_scope, s.right) for s in scores(VERDICTS)] == [
        ("a.txt", 3, 2, 1), ("recognizers-NumberModel.json", 1, 1, 1),
    ]  # fmt: skip
    assert [s.peer for s in scores(VERDICTS)][1] == "334 of 365"


def test_the_boards_tell_what_is_outside_and_what_is_wrong() -> None:
    suites, outside, wrong = boards(VERDICTS, 5)
    assert suites.rows[-1] == ("all", "4", "3", "2", "66.7%", "")
    assert outside.rows == (("1", "a.txt", "radio"),)
    assert wrong.rows == (("a.txt", "二", "3", "2 | 3"),)


def test_the_command_prints_one_table_of_suites(tmp_path: Path) -> None:
    write(tmp_path, "made.txt", "六十三 => 63\n洞拐 => 07\n八 => 9\n")
    shown = CliRunner().invoke(app, ["peers", str(tmp_path)])
    assert shown.exit_code == 0
    assert "made.txt" in shown.stdout
    assert "50.0%" in shown.stdout
