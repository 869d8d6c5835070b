"""Every numeral of a text, and which of them are quantities.

One scan finds the numerals; the rules of rules/fates.toml claim those that are no quantities; a unit behind the
numeral (rules/units.toml), in the head of its column, or supplied by the sentence (rules/supplied.toml), makes a
quantity of the rest.
"""

from __future__ import annotations

from pipeline.numerals import scan
from pipeline.quantities.claims import claims_on
from pipeline.quantities.columns import heads_of
from pipeline.quantities.lexicon import lexicon_of
from pipeline.quantities.reading import Page, read_numeral
from pipeline.records import Numeral
from pipeline.rules import RuleSet


def find_numerals(text: str, rules: RuleSet) -> tuple[Numeral, ...]:
    """Every numeral of `text` in order, with its fate; those that are quantities carry a Quantity."""
    lexicon = lexicon_of(rules)
    found = list(scan(text))
    claimed = claims_on(text, found, lexicon)
    page = Page(text, found, claimed, heads_of(text, found, lexicon), lexicon)
    numerals: list[Numeral] = []
    end = 0
    for i, item in enumerate(found):
        if item.start < end:
            continue
        cue = claimed[i]
        if cue is not None:
            numerals.append(Numeral(item.start, item.end, cue.value, cue.id))
            end = item.end
            continue
        rows = read_numeral(page, i)
        numerals += rows
        end = rows[-1].end
    return tuple(numerals)
