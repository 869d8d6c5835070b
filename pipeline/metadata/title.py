"""The head of a report: its title, and the lines of the page and of the office around it; and who issues it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from pipeline.lines import Line, patterns, reads_as
from pipeline.rules import RuleSet

MOST_HEAD = 24  # lines with text in which a report's head must lie: pages put a table of their own before it
MOST_TITLE_LINES = 3
MOST_TITLE = 60  # characters of a line of a title
LEAST_TITLE = 6  # of a title that names none of the usual kinds of papers
MOST_PAGE_LINE = 300
SENTENCE = regex.compile(r"[。；;]|[：:，,、]$")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the first heading of a report, by what each line is."""

    title: str | None
    under: tuple[str, ...]  # lines under the title that name who writes
    dated: tuple[str, ...]  # lines that are dates
    page: tuple[str, ...]  # lines of the web page
    text: tuple[str, ...]  # paragraphs: the introduction


def head_of(lines: Sequence[Line], closing: int | None, rules: RuleSet) -> Head:
    """Sorts the lines before a report's first heading. `closing` is the index of the first closing line."""
    written = _written(lines, closing)
    title, taken = _title(written, rules)
    under: list[str] = []
    dated: list[str] = []
    page: list[str] = []
    text: list[str] = []
    for i, line in enumerate(written):
        if i in taken:
            continue
        if _is_page(line, rules):
            page.append(line)
        elif reads_as(line, "closing", rules):
            dated.append(line)
        elif not text and line[0] in "（(" and len(line) <= MOST_TITLE:
            dated.append(line)  # (2020年4月25日在第二十届人民代表大会上)
        elif not text and not SENTENCE.search(line) and len(line) <= MOST_TITLE and taken:
            under.append(line)
        elif not reads_as(line, "addressee", rules):
            text.append(line)
    run = _run_on(text, rules) if title is None else None
    if run and title is None:
        title, text[0] = run, text[0][len(run) :].lstrip()
    return Head(title, tuple(under), tuple(dated), tuple(page), tuple(text))


def _written(lines: Sequence[Line], closing: int | None) -> list[str]:
    """The texts of the lines before the first heading."""
    written: list[str] = []
    for line in lines[:closing]:
        if line.level or len(written) == MOST_HEAD:
            break
        if line.text:
            written.append(line.text)
    return written


def _is_page(text: str, rules: RuleSet) -> bool:
    return len(text) <= MOST_PAGE_LINE and any(reads_as(text, v, rules) for v in ("chrome", "collection"))


def _title(written: Sequence[str], rules: RuleSet) -> tuple[str | None, frozenset[int]]:
    """The title, and which of the lines it takes up.

    Up to three lines together that read as a title; else the first line, where text follows on it or a page's lines
    stand around it.
    """
    free = [i for i in range(_chapter(written, rules), len(written)) if not _is_page(written[i], rules)]
    for at, i in enumerate(free[:MOST_TITLE_LINES]):
        run: list[int] = []
        for k in free[at : at + MOST_TITLE_LINES]:
            if (run and k != run[-1] + 1) or not _may_be_title(written[k], rules):
                break
            run.append(k)
            joined = "".join(written[n] for n in run)
            if any(p.search(joined) for p in patterns(rules, "title")):
                return joined, _with_repeats(written, run, joined)
        if not _may_be_title(written[i], rules):
            break
    if not free:
        return None, frozenset()
    first = free[0]
    if len(written[first]) >= LEAST_TITLE and _may_be_title(written[first], rules) and _heads(written, first, rules):
        return written[first], _with_repeats(written, [first], written[first])
    return None, frozenset()


def _chapter(written: Sequence[str], rules: RuleSet) -> int:
    """Where to look for the title: at a chapter's (篇一：…), below a chapter's number alone, or from the first line."""
    for i, text in enumerate(written):
        if reads_as(text, "chapter", rules):
            return i if any(p.search(text) for p in patterns(rules, "title")) else i + 1
    return 0


def _may_be_title(text: str, rules: RuleSet) -> bool:
    if len(text) > MOST_TITLE or SENTENCE.search(text):
        return False
    return not reads_as(text, "closing", rules) and not reads_as(text, "addressee", rules)


def _heads(written: Sequence[str], i: int, rules: RuleSet) -> bool:
    """Whether line `i`, which names no kind of paper, is a headline: the page's own lines or text follow on it."""
    if reads_as(written[i], "signature", rules):
        return False
    after = written[i + 1 : i + 2]
    return bool(after) and (_is_page(after[0], rules) or len(after[0]) > max(len(written[i]), MOST_TITLE))


def _with_repeats(written: Sequence[str], taken: Sequence[int], title: str) -> frozenset[int]:
    """The lines of the title, and those that only say it again, as pages do."""
    return frozenset(taken) | {i for i, x in enumerate(written) if x == title}


def _run_on(text: Sequence[str], rules: RuleSet) -> str | None:
    """The title of a text without line ends, which runs into its first sentence."""
    for pattern in patterns(rules, "title.run"):
        m = pattern.match(text[0]) if text else None
        if m:
            return m["title"].strip()
    return None


def issuer_of(head: Head, foot: Sequence[str], rules: RuleSet) -> str | None:
    """Who writes: the signature, the office that the title opens with, a line under it, the page's source, the place
    that the title opens with, the office that the first sentence is about; the first that is named.
    """
    return (
        _signer(foot, rules)
        or _named((head.title or "",), "issuer", rules)
        or _named((*head.under, *head.page, *foot), "byline", rules)
        or _named((head.title or "",), "issuer.place", rules)
        or _named(head.text[:1], "issuer.subject", rules)
    )


def _signer(foot: Sequence[str], rules: RuleSet) -> str | None:
    """The organisations, or the person, that sign in the closing lines."""
    for line in (x for x in foot if len(x) <= MOST_TITLE):
        for pattern in (*patterns(rules, "signature"), *patterns(rules, "closing")):
            m = pattern.fullmatch(line)
            if m and m.groupdict().get("name"):
                return m["name"].strip()
    return _named(foot, "issuer.person", rules)


def _named(lines: Sequence[str], value: str, rules: RuleSet) -> str | None:
    for line in lines:
        for pattern in patterns(rules, value):
            m = pattern.match(line)
            if m:
                return m["name"].strip()
    return None
