"""What a number counts, decided by where the cues stand; run through the whole chain."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from pipeline.clauses import lay_out, relation
from pipeline.extract import evidence_of, read_quantities, read_text
from pipeline.records import Context, Observation, RawText
from pipeline.rules import TopicRule, load_rules
from pipeline.topics import keys_of, scores_of
from pipeline.topics.cues import KINDS, PLACE, TOPICS, cue_finder
from pipeline.topics.model import MODEL, chances, load_model
from pipeline.topics.pairs import LEFT_WINDOW, RIGHT_WINDOW, codes_of, name_of, windows_of
from pipeline.topics.votes import AT, NEAR, named

GOLD = Path(__file__).parent / "gold"


def read(text: str) -> tuple[Observation, ...]:
    """The observations of a one-line text."""
    raw = RawText("test", text, "", len(text), "txt", "utf-8", "test")
    return read_text(raw, load_rules(), load_model(), told=True).observations


CASES = [
    ("全村共有建档立卡贫困户92户309人。", ["registered_poor", "registered_poor"]),
    ("先后有21户贫困户种植金银花48亩。", ["crops", "crops"]),
    ("低保户31户95人(贫困户25户81人)。", ["subsistence_allowance"] * 4),
    ("投资15万元,安装太阳能路灯33盏。", ["roads", "roads"]),
    ("整合资金90万元,硬化通组路3400米。", ["roads", "roads"]),
    ("存栏生猪320头,出栏山羊150只。", ["livestock", "livestock"]),
    ("截至年底,累计脱贫26户117人。", ["poverty_exit", "poverty_exit"]),
    ("完成危房改造6户,其中C级2户、D级4户。", ["housing"] * 3),
    ("改造户厕120座,新建公厕2座。", ["toilets", "toilets"]),
    ("发展党员2名,培养入党积极分子3名。", ["party_building", "party_building"]),
    ("举办电焊培训班3期,培训120人。", ["training", "training"]),
    ("发放小额信贷25万元,惠及6户。", ["microcredit", "microcredit"]),
    ("村集体经济收入达到12万元。", ["collective_income"]),
    ("农民人均纯收入8600元。", ["income"]),
]


@pytest.mark.parametrize(("text", "topics"), CASES, ids=[c[0] for c in CASES])
def test_topic(text: str, topics: list[str]) -> None:
    assert [o.topic.topic for o in read(text)] == topics


def test_a_part_is_told_what_its_total_counts() -> None:
    total, part, other = read("发放危房改造补助资金712万元,其中省级142万元;修路3公里。")
    assert ("housing", "neighbour.whole") in {vote[1:] for vote in part.topic.votes}
    assert [o.topic.topic for o in (total, part, other)] == ["housing", "housing", "roads"]
    assert not [vote for o in (total, other) for vote in o.topic.votes if vote[2] == "neighbour.whole"]


SUBJECTS = [
    ("安装照明路灯43盏。", "路灯"),
    ("建成冷库2座。", "冷库"),
    ("先后有12户贫困户入股。", "贫困户"),
    ("耕地面积3169亩。", "耕地"),
]


@pytest.mark.parametrize(("text", "subject"), SUBJECTS, ids=[c[0] for c in SUBJECTS])
def test_subject(text: str, subject: str) -> None:
    assert read(text)[0].topic.subject == subject


def test_a_number_without_any_cue_has_low_confidence() -> None:
    plain, clear = read("共计12个。")[0], read("改造户厕120座。")[0]
    assert plain.topic.confidence < clear.topic.confidence


def test_every_decision_names_its_rule() -> None:
    known = load_rules().by_id
    for observation in read("全村共有100户,其中贫困户20户,改造户厕12座。"):
        name = observation.topic.decided_by
        assert name in known or name.startswith(("neighbour.", "bias.")), name


def test_chances_are_probabilities() -> None:
    scores = np.full((2, len(TOPICS)), -math.inf)
    scores[:, TOPICS.index("roads")], scores[:, TOPICS.index("water")] = (2.0, 1.0), (0.0, 1.0)
    assert chances(scores) == pytest.approx([0.8808, 0.5], abs=1e-4)


TEXTS = [
    "一、种养\n2021年,全村 192户709人,种植菊花 408.5 亩;其中:贫困户1,034户(低保12户),整合资金xx万元、190万元。3人",
    "1户",
    "\U00020000\U00020000２人，共3户3户。\n4人",
    "".join(p.read_text("utf-8") for p in sorted((GOLD / "raw").glob("e0*.txt"))),
]


def contexts_of(text: str) -> tuple[Context, ...]:
    return read_quantities(RawText("test", text, "", len(text), "txt", "utf-8", "test"), load_rules())[3]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_pairs_are_those_of_the_windows(text: str) -> None:
    """What array operations find for a whole file is what the windows of each number say, written down plainly."""

    def pairs(family: str, window: str) -> set[str]:
        return {family + window[i : i + 2] for i in range(len(window) - 1)}

    contexts = contexts_of(text)
    assert contexts
    for context, window in zip(contexts, windows_of(contexts), strict=True):
        quantity, sentence = context.quantity, context.sentence
        left = context.text[max(sentence.start, quantity.start - LEFT_WINDOW) : quantity.start]
        right = context.text[quantity.end : min(sentence.end, quantity.end + RIGHT_WINDOW)]
        left, right = (re.sub(r"[0-9.]+", "0", side) for side in (left, right))
        assert (window.left, window.right) == (left, right)
        in_clause = [re.split(r"[，,：:；;。！？\n]", side) for side in (left, right)]
        wanted = pairs("l", in_clause[0][-1]) | pairs("m", left) | pairs("r", in_clause[1][0]) | pairs("s", right)
        assert sorted(map(name_of, window.pairs.tolist())) == sorted(wanted)
        assert codes_of(sorted(wanted)).tolist() == sorted(window.pairs.tolist(), key=name_of)


def plain_votes(context: Context, cues: list[tuple[int, int, TopicRule]]) -> tuple[list[tuple[str, str, str]], str]:
    """The votes of the cues in the sentence of a quantity, looked up one by one, and the strongest kind at it."""
    quantity, sentence, (left, right) = context.quantity, context.sentence, context.edges
    comma = context.text.find("、", quantity.end, right)
    right = comma if comma >= 0 else right
    layout = lay_out(context.text[sentence.start : sentence.end])
    own = layout.at(quantity.start - sentence.start)
    mine = [c for c in cues if sentence.start <= c[0] < sentence.end]
    before = [c for c in mine if c[0] <= quantity.start]
    found: dict[tuple[str, str, str], tuple[str, str]] = {}
    for side in (before[::-1], mine[len(before) :]):
        taken = set()
        for start, end, rule in side:
            if rule.measures and quantity.measure not in rule.measures:
                continue
            place, gap = relation(layout.at(start - sentence.start), own), None
            if place == "here" and start < quantity.start:
                place, gap = ("left", quantity.start - end) if start >= left else ("leftmore", None)
            elif place == "here" and start < quantity.end:
                place = "inside"
            elif place == "here":
                place, gap = ("right", start - quantity.end) if start < right else ("rightmore", None)
            near = "first" if gap is None or gap > NEAR else "near" if gap > 1 else "touching"
            found.setdefault((place, rule.kind, rule.topic), ("rest" if place in taken else near, rule.id))
            taken.add(place)
    at = {kind for place, kind, _ in found if place in AT}
    strongest = next((kind for kind in KINDS if kind in at), "none")
    votes = [
        (f"{place}.{kind}.{rank}" + ("" if place in AT else f".{strongest}"), topic, rule)
        for (place, kind, topic), (rank, rule) in found.items()
    ]
    return votes, strongest


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_votes_of_a_file_are_those_of_its_numbers_one_by_one(text: str) -> None:
    rules = load_rules()
    contexts, finder = contexts_of(text), cue_finder(rules)
    cues = finder.find(contexts[0].text)
    plain = [(start, end, rules.topics[rule]) for start, end, rule in np.stack(cues, axis=1).tolist()]
    for e in evidence_of(contexts, rules):
        votes, near = plain_votes(e.context, plain)
        assert (list(named(e.spoken[0].votes, finder)), e.near) == (votes, near)


def test_scores_are_the_sums_of_weights_and_biases() -> None:
    rules, model = load_rules(), load_model()
    contexts = contexts_of(TEXTS[-1])
    evidence = evidence_of(contexts, rules)
    scores = scores_of(evidence, model.both)
    for e, both in zip(evidence[::7], scores[::7], strict=True):
        for round_, found in zip((model.alone, model.together), both, strict=True):
            wanted = sum(round_.bias[round_.rows[key]] for key in keys_of(e) if key in round_.rows)
            for vote in e.votes:
                wanted[PLACE[vote.topic]] += round_.weights.get(vote.feature, 0.0)
            assert found.tolist() == pytest.approx(wanted.tolist(), abs=1e-3)


def test_the_model_is_small() -> None:
    assert MODEL.stat().st_size < 2_000_000
