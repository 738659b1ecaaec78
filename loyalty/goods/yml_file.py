"""YML, the Yandex Market Language, as every shop's site exports it: read as it streams in, and never believed.

No document type of the file's own, no entities: nothing is expanded and nothing fetched. Unknown elements are passed
over, and what is kept of one is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from xml.parsers import expat

from django.utils.translation import gettext as _

from loyalty.goods import cells
from loyalty.goods.reading import MOST_CATEGORIES, Contents, Raw, understand
from loyalty.sheets import UnreadableError, clean

DEEPEST: Final = 64
LONGEST_TEXT: Final = 5_000
# A tag that never ends would be looked through anew with every piece.
LONGEST_TAG: Final = 1024 * 1024
COLUMNS: Final = ("sku", "name", "category", "brand", "price")
# What of an offer we look at.
WANTED: Final = frozenset({"shop-sku", "name", "typePrefix", "model", "vendor", "price", "categoryId"})


def read(pieces: Iterable[bytes], digits: int) -> Contents:
    """UnreadableError: broken XML, a document type with entities, no offers."""
    contents = Contents(list(COLUMNS))
    return understand(_Offers(contents).raws(pieces), contents, digits)


class _Offers:
    """Hands out an offer as soon as its element is closed."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.ready: list[Raw] = []
        self.path: list[str] = []
        self.text: list[str] = []
        self.length = 0
        self.offer: dict[str, str] | None = None
        self.category = ("", "")
        self.names: dict[str, tuple[str, str]] = {}  # of categories by id: name, id of the parent
        self.filed = False
        self.has_offers = False

    def raws(self, pieces: Iterable[bytes]) -> Iterator[Raw]:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.data
        parser.StartDoctypeDeclHandler = self.doctype
        parser.EntityDeclHandler = self.entity
        self.parser = parser
        fed = 0
        try:
            for piece in pieces:
                fed += len(piece)
                parser.Parse(piece)
                if fed - parser.CurrentByteIndex > LONGEST_TAG:
                    raise UnreadableError(_("This XML has a tag that is far too long."))
                yield from self.ready
                self.ready.clear()
            parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError) as error:
            line = getattr(error, "lineno", parser.CurrentLineNumber)
            raise UnreadableError(_("The XML is broken in line %(line)d.") % {"line": line}) from error
        if not self.has_offers:
            raise UnreadableError(_("This XML has no offers: a YML file has yml_catalog, shop, offers and offer."))

    def doctype(self, _name: str, _system: str | None, _public: str | None, has_subset: bool) -> None:
        if has_subset:
            self.entity()

    def entity(self, *_about: object) -> None:
        raise UnreadableError(_("The file declares a document type or entities of its own. Such files are not read."))

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > DEEPEST:
            raise UnreadableError(_("The elements of this XML stand too deep in each other."))
        self.text, self.length = [], 0
        match self.path[-3:]:
            case [*_, "categories", "category"]:
                self.category = (attributes.get("id", ""), attributes.get("parentId", ""))
            case [*_, "offers", "offer"]:
                self.has_offers = True
                sku = attributes.get("shop-sku") or attributes.get("id", "")
                self.offer = {"id": sku, "row": str(self.parser.CurrentLineNumber)}

    def data(self, text: str) -> None:
        if self.length < LONGEST_TEXT:
            self.text.append(text)
            self.length += len(text)

    def end(self, name: str) -> None:
        path, text = self.path, "".join(self.text)
        self.text, self.length = [], 0
        path.pop()
        parent = path[-1] if path else ""
        if name == "category" and parent == "categories":
            self.know(text)
        elif name == "offer" and parent == "offers" and self.offer is not None:
            self.file_categories()
            self.ready.append(self.raw(self.offer))
            self.offer = None
        elif self.offer is not None and parent == "offer" and name in WANTED:
            self.offer.setdefault(name, text)

    def know(self, name: str) -> None:
        own, parent = self.category
        if own and len(self.names) > 2 * MOST_CATEGORIES:
            raise UnreadableError(_("The file has more than %(most)d categories.") % {"most": MOST_CATEGORIES})
        self.names[own] = (clean(name)[: cells.LENGTHS["category"]], parent)

    def file_categories(self) -> None:
        """Once, when the first offer is there: a YML file names its categories before its offers."""
        if self.filed:
            return
        self.filed = True
        for name, above in self.names.values():
            parent = self.names.get(above, ("", ""))[0]
            if name:
                self.contents.file_under(name, "" if parent == name else parent, 0)

    def raw(self, offer: Mapping[str, str]) -> Raw:
        parts = (offer.get("typePrefix", ""), offer.get("vendor", ""), offer.get("model", ""))
        found = {
            "sku": offer.get("shop-sku") or offer["id"],
            "name": offer.get("name", "") or " ".join(filter(None, parts)),
            "category": self.names.get(offer.get("categoryId", "").strip(), ("", ""))[0],
            "brand": offer.get("vendor", ""),
            "price": offer.get("price", ""),
        }
        return Raw(int(offer["row"]), found)
