"""The composition of the stages: from the bytes of one file to all that was read out of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.attributes import Place, basis_of, link_parts, locate, period_of, place_of, places_of, role_of, status_of
from pipeline.context import place_quantities
from pipeline.errors import ReadError
from pipeline.normalise import normalise
from pipeline.quantities import find_numerals
from pipeline.read import digest_of, read_source, size_of
from pipeline.reconcile import reconcile
from pipeline.records import Context, Document, Failure, Numeral, Observation, RawText, Reading, Text, Topic
from pipeline.rules import RuleSet
from pipeline.segment import segment
from pipeline.topics import Evidence, decide_topics, gather
from pipeline.topics.model import TopicModel


def extract_file(path: Path, source: str, rules: RuleSet, model: TopicModel) -> Reading | Failure:
    """Reads one file; a file that cannot be read becomes a Failure that says why."""
    try:
        return read_text(read_source(path, source), rules, model)
    except ReadError as error:
        return failure_of(path, source, error)
    except MemoryError:
        return failure_of(path, source, ReadError(f"{source}: reading it needs more memory than there is; split it"))


def failure_of(path: Path, source: str, error: ReadError) -> Failure:
    """The record of a file that could not be read."""
    digest = digest_of(path)
    return Failure(source, digest, size_of(path) if digest else 0, error.status, str(error))


def read_text(raw: RawText, rules: RuleSet, model: TopicModel, *, told: bool = False) -> Reading:
    """All that is stated in a decoded text; `told`: with all the votes for the topics, for those who show them."""
    text, document, numerals, contexts = read_quantities(raw, rules)
    places = places_of(contexts)
    parts = link_parts(contexts, places, rules)
    topics = decide_topics(contexts, parts, rules, model, told=told)
    observations = tuple(
        observe(context, place, topic, part, rules)
        for context, place, topic, part in zip(contexts, places, topics, parts, strict=True)
    )
    return Reading(text, document, numerals, observations, reconcile(text.text, document, observations, rules))


def quantities_in(
    path: Path, source: str, rules: RuleSet
) -> tuple[Text, Document, tuple[Numeral, ...], tuple[Context, ...]]:
    """The chain up to the quantities of a file where they stand.

    Raises ReadError if the file cannot be read.
    """
    return read_quantities(read_source(path, source), rules)


def read_quantities(raw: RawText, rules: RuleSet) -> tuple[Text, Document, tuple[Numeral, ...], tuple[Context, ...]]:
    """The chain up to the quantities where they stand, before anything is known of their meaning."""
    text = normalise(raw)
    document = locate(text.text, segment(text, rules), rules)
    numerals = find_numerals(text.text, rules)
    return text, document, numerals, tuple(place_quantities(text.text, document, numerals))


def evidence_of(contexts: Sequence[Context], rules: RuleSet) -> list[Evidence]:
    """What speaks for the topics of the quantities of one file; the topic scorer is fitted to it."""
    return gather(contexts, link_parts(contexts, places_of(contexts), rules), rules)


def observe(context: Context, place: Place, topic: Topic, part: int | None, rules: RuleSet) -> Observation:
    """One quantity with its attributes; `place` is where it stands in its sentence."""
    located = place_of(context, place, rules)
    return Observation(
        quantity=context.quantity,
        sentence=context.sentence,
        topic=topic,
        basis=basis_of(context, place, rules),
        status=status_of(context, place, rules),
        role=role_of(context, place, rules),
        period=period_of(context, place, rules),
        place=located.name,
        adcode=located.adcode,
        part_of=part,
    )
