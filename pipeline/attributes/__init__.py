"""The attributes of a quantity: one small module each, one public function each."""

from pipeline.attributes.basis import basis_of
from pipeline.attributes.cues import Place, places_of
from pipeline.attributes.home import locate
from pipeline.attributes.part_of import link_parts
from pipeline.attributes.period import period_of
from pipeline.attributes.place import place_of
from pipeline.attributes.role import role_of
from pipeline.attributes.status import status_of

__all__ = [
    "Place", "basis_of", "link_parts", "locate", "period_of", "place_of", "places_of", "role_of", "status_of",
]  # fmt: skip
