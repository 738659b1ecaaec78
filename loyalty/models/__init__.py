from loyalty.models.account import Account, Card, Confirmation, OneTimeCode
from loyalty.models.goods import Category, GoodsImport, Product
from loyalty.models.ledger import Entry, Lot, Reservation
from loyalty.models.program import ProgramDraft, ProgramVersion
from loyalty.models.sale import IdempotencyKey, Return, ReturnLine, Sale, SaleLine

__all__ = [
    "Account",
    "Card",
    "Category",
    "Confirmation",
    "Entry",
    "GoodsImport",
    "IdempotencyKey",
    "Lot",
    "OneTimeCode",
    "Product",
    "ProgramDraft",
    "ProgramVersion",
    "Reservation",
    "Return",
    "ReturnLine",
    "Sale",
    "SaleLine",
]
