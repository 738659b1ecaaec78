"""What the directory says of the lines of a receipt. It is read with the sale (`loyalty_goods_json`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct, structs

from loyalty.engine.cart import Line
from loyalty.engine.quantities import ZERO


class Article(Struct, frozen=True, array_like=True):
    """What may be done with an article, what a unit of it costs at least, and where it belongs."""

    sku: str
    earn: bool = True
    redeem: bool = True
    discount: bool = True
    min_price: Decimal = ZERO
    category: str = ""
    brand: str = ""


NO_EARN: Final = 1
NO_REDEEM: Final = 2
NO_DISCOUNT: Final = 4
SELLS_CERTIFICATE: Final = 8


def kept(line: Line) -> dict[str, int | Decimal]:
    """What a sale keeps of a line's marks: nothing of most lines."""
    marks = NO_EARN * (not line.earn) + NO_REDEEM * (not line.redeem) + NO_DISCOUNT * (not line.discount)
    marks += SELLS_CERTIFICATE * line.sells_certificate
    found: dict[str, int | Decimal] = {}
    if marks:
        found["marks"] = marks
    if line.min_price:
        found["min_price"] = line.min_price
    return found


def marked(lines: Sequence[Line], articles: Iterable[Article]) -> tuple[Line, ...]:
    """The lines with what the directory says of them: of two prohibitions and two minimum prices the stricter one, the
    till's or the directory's; the till's own category and brand. An article that nobody knows is sold as it comes."""
    known = {article.sku: article for article in articles}
    if not known:
        return tuple(lines)
    return tuple(_marked(line, known[line.sku]) if line.sku in known else line for line in lines)


def _marked(line: Line, article: Article) -> Line:
    return structs.replace(
        line,
        earn=line.earn and article.earn,
        redeem=line.redeem and article.redeem,
        discount=line.discount and article.discount,
        min_price=max(line.min_price, article.min_price),
        category=line.category or article.category,
        brand=line.brand or article.brand,
    )
