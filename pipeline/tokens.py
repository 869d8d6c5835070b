"""spaCy's Chinese pipeline over jieba, with the domain lexicon of rules/ in its dictionary.

Tokenising is slow (about 1 MB/s), so only the few words around a number are ever tokenised. Parts of speech come from
jieba's own dictionary (ICTCLAS tags); words of the topic rules are nouns, or verbs where their rule is an act.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.lexicon import lexicon, word_counts
from pipeline.rules import RuleSet

if TYPE_CHECKING:
    from spacy.language import Language

# High enough that jieba never splits a domain word, low enough that a longer dictionary word still wins.
DOMAIN_FREQUENCY = 20_000


class Word(NamedTuple):
    """A word and its ICTCLAS tag."""

    text: str
    tag: str


class Tokeniser:
    """Cuts a stretch of text into words with parts of speech."""

    def __init__(self, rules: RuleSet) -> None:
        with warnings.catch_warnings():  # jieba 0.42 imports pkg_resources and has invalid escapes
            warnings.simplefilter("ignore")
            import jieba
            import spacy
        # Its own copy: each word added to a shared one changes the likelihood of all others, so that 在建设中 was cut
        # as 在建设|中 or not, depending on how many rule sets the process had loaded.
        dictionary = jieba.Tokenizer()
        dictionary.FREQ, dictionary.total, dictionary.initialized = dict(word_counts()), sum(lexicon().counts), True
        self._tags = dict(zip(lexicon().words, lexicon().tags, strict=True))
        for rule in rules.topics:
            for word in rule.words:
                if len(word) > 1:
                    dictionary.add_word(word, DOMAIN_FREQUENCY)
                    self._tags.setdefault(word, "v" if rule.kind == "act" else "n")
        for cue in rules.cues["subject"]:  # 新打|冷库: the verb must not be swallowed by what follows
            for word in cue.words:
                if len(word) > 1:
                    dictionary.add_word(word, DOMAIN_FREQUENCY)
        dictionary.get_DAG = partial(_ends, dictionary.FREQ, max(map(len, dictionary.FREQ)))
        self._language: Language = spacy.blank("zh")
        tokenizer: Any = self._language.tokenizer
        # Only now: told from the start, spaCy has the shared jieba.dt cut a word, which would load a marshalled cache
        # from the shared temporary folder, which anybody may have written.
        tokenizer.segmenter, tokenizer.jieba_seg = "jieba", dictionary

    def __call__(self, text: str) -> tuple[Word, ...]:
        """The words of `text` in order."""
        return tuple(Word(token.text, self._tags.get(token.text, "x")) for token in self._language.tokenizer(text))


def _ends(counts: Mapping[str, int], longest: int, sentence: str) -> dict[int, list[int]]:
    """For each character where the words end that begin there; at itself if none does.

    As jieba finds it, but without its table of all that begins a word, which takes a third of a second to make.
    """
    found: dict[int, list[int]] = {}
    for at in range(len(sentence)):
        last = range(at, min(at + longest, len(sentence)))
        found[at] = [end for end in last if counts.get(sentence[at : end + 1])] or [at]
    return found


@lru_cache(maxsize=2)
def tokeniser(rules: RuleSet) -> Tokeniser:
    """The tokeniser for `rules`, built once per process."""
    return Tokeniser(rules)
