"""Every example of every rule in rules/, run through the whole chain."""

from __future__ import annotations

from itertools import groupby

import pytest

from pipeline.rulecheck import Example, examples_of, failure
from pipeline.rules import load_rules
from pipeline.topics.model import load_model

BY_RULE = [(rule, list(found)) for rule, found in groupby(examples_of(load_rules()), key=lambda e: e.rule.id)]


@pytest.mark.parametrize("examples", [e for _, e in BY_RULE], ids=[name for name, _ in BY_RULE])
def test_examples(examples: list[Example]) -> None:
    broken = [said for e in examples if (said := failure(e, load_rules(), load_model()))]
    assert not broken, "\n".join(broken)
