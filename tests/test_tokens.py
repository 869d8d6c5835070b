"""The words of a text hang on the text and the rules, and on nothing that the process did before."""

from __future__ import annotations

import warnings

import pytest

with warnings.catch_warnings():  # jieba 0.42 imports pkg_resources and has invalid escapes
    warnings.simplefilter("ignore")
    import jieba

from pipeline.rules import load_rules
from pipeline.tokens import Tokeniser

TEXTS = ["项目正在建设中", "新打冷库", "通村公路硬化", "落实产业帮扶资金", "建档立卡贫困户"]


@pytest.mark.parametrize("text", TEXTS)
def test_other_tokenisers_change_no_word(text: str) -> None:
    first = Tokeniser(load_rules())
    before = first(text)
    others = [Tokeniser(load_rules()) for _ in range(3)]
    assert [t(text) for t in (first, *others)] == [before] * 4


def test_jiebas_shared_dictionary_stays_as_it_is() -> None:
    Tokeniser(load_rules())  # the first one loads it
    before = (jieba.dt.total, len(jieba.dt.FREQ))
    Tokeniser(load_rules())
    assert (jieba.dt.total, len(jieba.dt.FREQ)) == before


def test_words_of_the_rules_are_never_split() -> None:
    assert [w.text for w in Tokeniser(load_rules())("新打冷库")] == ["新打", "冷库"]
