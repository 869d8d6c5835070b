"""The words of a text hang on the text and the rules, and on nothing that the process did before."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

with warnings.catch_warnings():  # jieba 0.42 imports pkg_resources and has invalid escapes
    warnings.simplefilter("ignore")
    import jieba

from pipeline.lexicon import Entry, index, lexicon
from pipeline.rules import load_rules
from pipeline.tokens import DOMAIN_FREQUENCY, MARK, Tokeniser

TEXTS = ["项目正在建设中", "新打冷库", "通村公路硬化", "落实产业帮扶资金", "建档立卡贫困户"]


@pytest.mark.parametrize("text", TEXTS)
def test_other_tokenisers_change_no_word(text: str) -> None:
    first = Tokeniser(load_rules())
    before = first([text])
    others = [Tokeniser(load_rules()) for _ in range(3)]
    assert [t([text]) for t in (first, *others)] == [before] * 4


def test_jiebas_shared_dictionary_stays_as_it_is() -> None:
    Tokeniser(load_rules())  # the first one loads it
    before = (jieba.dt.total, len(jieba.dt.FREQ))
    Tokeniser(load_rules())
    assert (jieba.dt.total, len(jieba.dt.FREQ)) == before


def test_words_of_the_rules_are_never_split() -> None:
    assert [[w.text for w in words] for words in Tokeniser(load_rules())(["新打冷库"])] == [["新打", "冷库"]]


def test_texts_are_cut_alike_alone_and_together() -> None:
    cut = Tokeniser(load_rules())
    texts = [*TEXTS, "贫困 户", "A级3户", "12", "户 ", "《决定》", "\U00020000村"]
    assert cut(texts) == [words for text in texts for words in cut([text])]
    assert ["".join(w.text for w in words) for words in cut(TEXTS)] == TEXTS
    assert cut([]) == []


def test_words_are_those_of_jieba_with_its_whole_dictionary() -> None:
    rules = load_rules()
    whole = jieba.Tokenizer()
    with Path(jieba.__file__).with_name("dict.txt").open("rb") as file:
        whole.FREQ, whole.total = whole.gen_pfdict(file)
    whole.initialized = True
    for rule in (*rules.topics, *rules.cues["subject"]):
        for word in rule.words:
            if len(word) > 1:
                whole.add_word(word, DOMAIN_FREQUENCY)
    reports = sorted((Path(__file__).parents[1] / "data" / "raw").glob("*.txt"))
    text = "".join("".join(path.read_text("utf-8", "replace").split()) for path in reports)
    cut = Tokeniser(rules)
    stretches = [text[i : i + 23].replace(MARK, "") for i in range(0, len(text), 23)]
    assert [[w.text for w in words] for words in cut(stretches)] == [list(whole.cut(s)) for s in stretches]


@pytest.mark.parametrize("pair", ["农村", "村民", "B超", "鿃", "龥\n", "\U00020000村", "\ud800村", " 村"])
def test_the_index_finds_what_the_dictionary_has(pair: str) -> None:
    whole = [Entry(*fields) for fields in zip(*lexicon(), strict=True)]
    wanted = [e for e in whole if e.word == pair[0]] + [e for e in whole if len(pair) > 1 and e.word.startswith(pair)]
    assert index().beginning(pair) == wanted
    assert [index().times(e.word) for e in wanted] == [e.times for e in wanted]


def test_the_index_knows_the_sum_of_all_counts() -> None:
    assert index().total == sum(lexicon().counts)


def test_what_the_tokeniser_spares_can_be_used_afterwards() -> None:
    said = run(
        "import sys; from pipeline.rules import load_rules; from pipeline.tokens import Tokeniser; "
        "Tokeniser(load_rules()); assert not {'spacy.cli', 'pkg_resources'} & set(sys.modules); "
        "import spacy, pkg_resources; print(*spacy.blank('zh')('村民'), callable(spacy.info))"
    )
    assert said == "村 民 True"


def test_pyarrow_does_without_pandas_where_the_process_is_ours() -> None:
    said = run(
        "import os, sys; from pipeline.arrow import OURS, spare_pandas; os.environ[OURS] = '1'; spare_pandas(); "
        "import pyarrow as pa; table = pa.table({'a': [1]}); print('pandas' in sys.modules, len(table.to_pandas()))"
    )
    assert said == "False 1"


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()
