"""Which part of a web page is its report: what to walk, what to leave out, and the title if it stands elsewhere.

Three observations on the sites of counties and towns decide. Sentences stand in the report, and hardly any in menus
and footers. Menus are links. What is chrome says so in its class or id, in English or in pinyin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

UNSEEN = {"script", "style", "noscript", "template", "head", "select", "textarea", "button", "option", "iframe",
          "object", "embed", "svg", "math", "canvas", "audio", "video", "map", "rt", "rp", "del", "datalist", "title",
          "input", "marquee"}  # fmt: skip
CHROME_TAGS = {"nav", "footer", "aside"}
CHROME_WORDS = {
    "nav", "navbar", "navigation", "menu", "submenu", "breadcrumb", "breadcrumbs", "crumb", "crumbs", "footer",
    "foot", "bottom", "copyright", "sidebar", "side", "banner", "toolbar", "topbar", "share", "bdsharebuttonbox",
    "related", "relate", "recommend", "login", "search", "comment", "comments", "friendlink", "friendlinks",
    "links", "pager", "pagination", "pagebar", "qrcode", "location", "position", "currentposition", "statement",
    "daohang", "dibu", "weizhi", "caidan", "sousuo", "fenxiang",
}  # fmt: skip
CONTAINERS = {
    "body", "div", "section", "article", "main", "form", "center", "table", "tbody", "tr", "td", "font", "span",
}  # fmt: skip
ROWS = {"table", "tbody", "tr"}
BOXES = CONTAINERS | {"ul", "ol", "dl", "p", "li", "header"}
WORD = re.compile(r"[A-Za-z]{2,40}")
RUNNING = {"header", "footer"}  # what LibreOffice calls the blocks that were headers and footers of pages
HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden")
SENTENCE = re.compile(r"[。；！？]")
FIGURE = re.compile(r"[0-9]")
TITLE_PARTS = re.compile(r"\s*[-_|—–]+\s*")
TITLE_CLASSES = {"title", "tit", "biaoti", "headline", "arttitle", "articletitle", "bt"}
HEADINGS = ("h1", "h2", "h3", "div", "p", "td", "span", "strong", "center")
SHORTEST, LONGEST = 4, 100  # characters of a title
LEADING = 0.95  # share of the sentences that a part must hold to be the report
MUCH = 0.3  # share of the sentences that no chrome holds
LINKED = 0.6  # share of linked characters that makes a menu
FEW_LINKS = 5  # a page with fewer links around its text has no site around it


@dataclass(slots=True)
class Weight:
    """What stands in an element: characters of sentences, of any text, of links; number of links; an h1."""

    prose: int = 0
    text: int = 0
    linked: int = 0
    links: int = 0
    headed: bool = False

    def add(self, other: Weight) -> None:
        """Counts what stands in a child."""
        self.prose += other.prose
        self.text += other.text
        self.linked += other.linked
        self.links += other.links
        self.headed |= other.headed


def surroundings(root: Element, body: Element) -> tuple[Element, set[Element], str]:
    """(the element to walk, elements in it to leave out, title or nothing) of a page."""
    weights: dict[Element, Weight] = {}
    whole = _weigh(body, weights, linked=False, cell=False)
    dropped = {e for e, w in weights.items() if e is not body and _is_chrome(e, w, whole)}
    if whole.links < FEW_LINKS or not whole.prose:
        return body, dropped, ""
    main = body
    while (inner := _leading(main, weights, dropped)) is not None:
        main = inner
    while main.tag in ROWS:  # a table is read row by row, and not from within
        main = main.getparent()
    if main is body or weights[main].headed:
        return main, dropped, ""
    return main, dropped, _title(root, body, main)


def is_unseen(element: Element) -> bool:
    """Whether a browser shows nothing of an element."""
    if not isinstance(element.tag, str) or element.tag in UNSEEN or element.get("hidden") is not None:
        return True
    if element.get("title") in RUNNING:
        return True
    return HIDDEN.search(element.get("style", "")[:500]) is not None


def _weigh(element: Element, weights: dict[Element, Weight], *, linked: bool, cell: bool) -> Weight:
    """Weighs an element and all in it."""
    weight = weights[element] = Weight(links=int(element.tag == "a"), headed=element.tag == "h1")
    linked = linked or element.tag == "a"
    if element.tag in {"td", "th"}:  # a table of figures holds no sentence; a frame around a page holds blocks
        cell = len(element.getparent()) > 1 and not any(c.tag in BOXES - {"font", "span", "p"} for c in element)
    _count(weight, element.text, linked, cell)
    for child in element:
        if not is_unseen(child):
            weight.add(_weigh(child, weights, linked=linked, cell=cell))
        _count(weight, child.tail, linked, cell)
    return weight


def _count(weight: Weight, text: str | None, linked: bool, cell: bool) -> None:
    length = len(text.strip()) if text else 0
    if not text or not length:
        return
    weight.text += length
    if linked:
        weight.linked += length
    elif (FIGURE if cell else SENTENCE).search(text):
        weight.prose += length


def _is_chrome(element: Element, weight: Weight, whole: Weight) -> bool:
    if weight.headed or weight.prose > MUCH * whole.prose or element.tag not in BOXES | CHROME_TAGS:
        return False
    menu = weight.links >= 2 and weight.linked > LINKED * weight.text and not weight.prose
    return menu or element.tag in CHROME_TAGS or bool(_names(element) & CHROME_WORDS)


def _leading(element: Element, weights: dict[Element, Weight], dropped: set[Element]) -> Element | None:
    """The child that holds nearly all sentences of an element, if it is a container; else None."""
    children = [c for c in element if c in weights and c not in dropped]
    if not children:
        return None
    best = max(children, key=lambda c: weights[c].prose)
    total = weights[element].prose - sum(weights[c].prose for c in element if c in dropped and c in weights)
    if element.tag == "tr" and (weights[best].prose < total or not any(c.tag in BOXES | {"br"} for c in best)):
        return None  # a row of figures, or of a long text beside a short one: its cells belong together
    return best if best.tag in CONTAINERS and weights[best].prose >= LEADING * total > 0 else None


def _title(root: Element, body: Element, main: Element) -> str:
    """The heading above a report that has none inside: h1 to h3, what its class calls a title, or the page's title."""
    found = ""
    for element in body.iter(*HEADINGS):
        if element is main:
            break
        if element.tag[0] == "h" or _names(element) & TITLE_CLASSES:
            text = " ".join("".join(element.itertext()).split())
            found = text if SHORTEST <= len(text) <= LONGEST else found
    return found or TITLE_PARTS.split(" ".join((root.findtext("head/title") or "").split()))[0]


def _names(element: Element) -> set[str]:
    """The words in the class and the id of an element."""
    return {w.lower() for w in WORD.findall(f"{element.get('class', '')} {element.get('id', '')}"[:300])}
