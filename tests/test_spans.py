"""The laws of OffsetMap, against a model that remembers for every character where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.spans import Edit, OffsetMap, apply

# A few characters that a report's repairs deal with; the laws do not depend on which.
TEXTS = st.text("村户三12。. (ǒ)", max_size=30)
Origins = list[tuple[int, int]]


@st.composite
def edits_of(draw: st.DrawFn, text: str) -> list[Edit]:
    """Edits of `text` in order, none overlapping; some remove, some insert, some do nothing."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return sorted(Edit(start, end, draw(st.text("改补x", max_size=3)), "test") for start, end in pairs)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text and edits of it."""
    text = draw(TEXTS)
    return text, draw(edits_of(text))


@st.composite
def edited_thrice(draw: st.DrawFn) -> tuple[str, list[list[Edit]]]:
    """A text and three rounds of edits, each of the text that the one before made."""
    first = text = draw(TEXTS)
    rounds = []
    for _ in range(3):
        rounds.append(draw(edits_of(text)))
        text = apply(text, rounds[-1])
    return first, rounds


def origins(text: str, edits: list[Edit]) -> Origins:
    """For every character of the edited text the stretch of `text` that it came from."""
    found: Origins = []
    at = 0
    for edit in edits:
        found += [(i, i + 1) for i in range(at, edit.start)]
        found += [(edit.start, edit.end)] * len(edit.after)
        at = edit.end
    return found + [(i, i + 1) for i in range(at, len(text))]


def spans(length: int) -> list[tuple[int, int]]:
    """Every stretch of a text, empty ones included."""
    return [(i, j) for i in range(length + 1) for j in range(i, length + 1)]


@given(edited())
def test_a_span_reaches_from_its_first_to_its_last_character(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    model, offsets = origins(text, edits), OffsetMap.of(edits)
    assert len(model) == len(apply(text, edits))
    for start, end in spans(len(model)):
        if start < end:
            first = model[start][0]
            assert offsets.span(start, end) == (first, max(first, model[end - 1][1]))


@given(edited())
def test_untouched_text_maps_to_itself(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    after, offsets = apply(text, edits), OffsetMap.of(edits)
    made = {i for edit in edits for i in range(edit.start, edit.end)}
    back = [offsets.span(i, i + 1) for i in range(len(after))]
    kept = [(i, s) for i, (s, e) in enumerate(back) if e - s == 1 and s not in made]
    assert [s for _, s in kept] == [i for i in range(len(text)) if i not in made]
    assert all(after[i] == text[s] for i, s in kept)


@given(edited())
def test_spans_stay_inside_the_text_and_keep_their_order(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    offsets = OffsetMap.of(edits)
    length = len(apply(text, edits))
    for start, end in spans(length):
        first, last = offsets.span(start, end)
        assert 0 <= first <= last <= len(text)
        assert (first == last) or start < end  # an empty span stays empty
    begins = [offsets.span(i, length)[0] for i in range(length + 1)]
    assert begins == sorted(begins)


@given(TEXTS)
def test_identity(text: str) -> None:
    for offsets in (OffsetMap(), OffsetMap.of([]), OffsetMap().then(OffsetMap()), OffsetMap().then(OffsetMap.of([]))):
        assert [offsets.span(*s) for s in spans(len(text))] == spans(len(text))


@given(edited())
def test_identity_is_neutral(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    offsets = OffsetMap.of(edits)
    every = spans(len(apply(text, edits)))
    assert [offsets.then(OffsetMap()).span(*s) for s in every] == [offsets.span(*s) for s in every]
    assert [OffsetMap().then(offsets).span(*s) for s in every] == [offsets.span(*s) for s in every]


@given(edited_thrice())
def test_rounds_of_edits_map_back_one_after_the_other(case: tuple[str, list[list[Edit]]]) -> None:
    text, rounds = case
    offsets, models, after = OffsetMap(), [], text
    for edits in rounds:
        models.append(OffsetMap.of(edits))
        offsets = offsets.then(models[-1])
        after = apply(after, edits)
    for span in spans(len(after)):
        expected = span
        for one in reversed(models):
            expected = one.span(*expected)
        assert offsets.span(*span) == expected


@given(edited_thrice())
def test_composition_is_associative(case: tuple[str, list[list[Edit]]]) -> None:
    text, rounds = case
    after = text
    for edits in rounds:
        after = apply(after, edits)
    a, b, c = (OffsetMap.of(edits) for edits in rounds)
    left, right = a.then(b).then(c), a.then(b.then(c))
    assert [left.span(*s) for s in spans(len(after))] == [right.span(*s) for s in spans(len(after))]


EXAMPLES = [
    ("removed at the right edge", "3個(gè)人", [Edit(2, 6, "", "gloss")], "3個", "3個"),
    ("removed at the left edge", "**3户**", [Edit(0, 2, "", "markup"), Edit(4, 6, "", "markup")], "3户", "3户"),
    ("removed inside", "3個(gè)人", [Edit(2, 6, "", "gloss")], "3個人", "3個(gè)人"),
    ("one for one", "3。5万", [Edit(1, 2, ".", "decimal_point")], "3.5万", "3。5万"),
    ("longer than before", "共㎡", [Edit(1, 2, "平方米", "unit")], "方米", "㎡"),
    ("inserted", "35户", [Edit(1, 1, ".", "test")], "3.5户", "35户"),
    ("behind an edit", "&nbsp;3户", [Edit(0, 6, " ", "entity")], "3户", "3户"),
]


@pytest.mark.parametrize(("text", "edits", "found", "raw"), [e[1:] for e in EXAMPLES], ids=[e[0] for e in EXAMPLES])
def test_examples(text: str, edits: list[Edit], found: str, raw: str) -> None:
    start = apply(text, edits).index(found)
    first, last = OffsetMap.of(edits).span(start, start + len(found))
    assert text[first:last] == raw


REFUSED = [
    ("overlapping", [Edit(0, 3, "", "a"), Edit(2, 4, "", "b")]),
    ("nested", [Edit(0, 9, "", "a"), Edit(2, 4, "", "b")]),
    ("the same twice", [Edit(1, 3, "x", "a"), Edit(1, 3, "x", "a")]),
    ("inverted", [Edit(3, 1, "", "a")]),
]


@pytest.mark.parametrize("edits", [r[1] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_edits_that_make_no_sense_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlap or are inverted"):
        OffsetMap.of(edits)


def test_the_order_in_which_edits_are_given_does_not_matter() -> None:
    edits = [Edit(5, 6, "yy", "b"), Edit(0, 2, "", "a"), Edit(3, 3, "x", "c")]
    assert OffsetMap.of(edits) == OffsetMap.of(sorted(edits))
