from loyalty.models.account import Account, AccountMerge, BroughtAlong, Card, Confirmation, OneTimeCode
from loyalty.models.by_hand import AdjustmentRequest, HandLimit, HandUse
from loyalty.models.certificate import Certificate, CertificateEntry, CertificateReservation
from loyalty.models.goods import Category, GoodsImport, Product
from loyalty.models.ledger import Entry, Lot, Reservation
from loyalty.models.past import PastReceipt, PastReceiptLine
from loyalty.models.plastic import CardBatch, CardSettings, GivenCard, PlasticCard
from loyalty.models.program import ProgramDraft, ProgramVersion
from loyalty.models.promo import PromoBatch, PromoCode, PromoCodeUse
from loyalty.models.reward import Exchange, Reward, RewardPicture
from loyalty.models.rewards import Activity, Adoption, Budget, BudgetShare, PersonalCoupon, RuleUse
from loyalty.models.sale import IdempotencyKey, Return, ReturnLine, Sale, SaleLine

__all__ = [
    "Account",
    "AccountMerge",
    "Activity",
    "AdjustmentRequest",
    "Adoption",
    "BroughtAlong",
    "Budget",
    "BudgetShare",
    "Card",
    "CardBatch",
    "CardSettings",
    "Category",
    "Certificate",
    "CertificateEntry",
    "CertificateReservation",
    "Confirmation",
    "Entry",
    "Exchange",
    "GivenCard",
    "GoodsImport",
    "HandLimit",
    "HandUse",
    "IdempotencyKey",
    "Lot",
    "OneTimeCode",
    "PastReceipt",
    "PastReceiptLine",
    "PersonalCoupon",
    "PlasticCard",
    "Product",
    "ProgramDraft",
    "ProgramVersion",
    "PromoBatch",
    "PromoCode",
    "PromoCodeUse",
    "Reservation",
    "Return",
    "ReturnLine",
    "Reward",
    "RewardPicture",
    "RuleUse",
    "Sale",
    "SaleLine",
]
