"""Every address of the till API."""

from collections.abc import Mapping
from typing import ClassVar

from django.urls import URLPattern, URLResolver, path, re_path

from cashier.api.certificates.check import CheckCertificate
from cashier.api.certificates.issue import IssueCertificate
from cashier.api.clients.activities import RecordActivity
from cashier.api.clients.cards import BindCard, TakeCardBack
from cashier.api.clients.confirm import SendConfirmation
from cashier.api.clients.enrol import EnrolClient
from cashier.api.clients.find import FindClients
from cashier.api.clients.history import GetHistory
from cashier.api.clients.one import GetClient
from cashier.api.docs import ApiDocs, ApiSchema
from cashier.api.nothing import Nothing
from cashier.api.program import GetProgram
from cashier.api.promo_codes.check import CheckPromoCode
from cashier.api.rewards.catalogue import ListRewards
from cashier.api.rewards.ending import Cancel, HandOver
from cashier.api.rewards.exchanges import Exchanges
from cashier.api.sales.batch import BookBatch
from cashier.api.sales.commit import CommitHold
from cashier.api.sales.give_back import GiveBack
from cashier.api.sales.one import GetSale
from cashier.api.sales.quote import QuoteReceipt
from cashier.api.sales.sell import Sell
from cashier.api.sales.void import VoidSale


class Clients(FindClients, EnrolClient):
    """Two operations at one address."""

    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {**FindClients.scopes, **EnrolClient.scopes}


urlpatterns: list[URLPattern | URLResolver] = [
    path("program", GetProgram.as_view(), name="api_program"),
    path("clients", Clients.as_view(), name="api_clients"),
    path("clients/<uuid:client_id>", GetClient.as_view(), name="api_client"),
    path("clients/<uuid:client_id>/history", GetHistory.as_view(), name="api_client_history"),
    path("clients/<uuid:client_id>/confirmation", SendConfirmation.as_view(), name="api_client_confirmation"),
    path("clients/<uuid:client_id>/activities", RecordActivity.as_view(), name="api_client_activities"),
    path("clients/<uuid:client_id>/cards", BindCard.as_view(), name="api_client_cards"),
    path("clients/<uuid:client_id>/cards/return", TakeCardBack.as_view(), name="api_client_card_return"),
    path("quotes", QuoteReceipt.as_view(), name="api_quotes"),
    path("sales", Sell.as_view(), name="api_sales"),
    path("sales/batch", BookBatch.as_view(), name="api_sales_batch"),
    path("sales/<uuid:sale_id>", GetSale.as_view(), name="api_sale"),
    path("sales/<uuid:sale_id>/commit", CommitHold.as_view(), name="api_sale_commit"),
    path("sales/<uuid:sale_id>/void", VoidSale.as_view(), name="api_sale_void"),
    path("sales/<uuid:sale_id>/returns", GiveBack.as_view(), name="api_sale_returns"),
    path("certificates", IssueCertificate.as_view(), name="api_certificates"),
    path("certificates/<str:code>", CheckCertificate.as_view(), name="api_certificate"),
    path("rewards", ListRewards.as_view(), name="api_rewards"),
    path("exchanges", Exchanges.as_view(), name="api_exchanges"),
    path("exchanges/<uuid:exchange_id>/hand-over", HandOver.as_view(), name="api_exchange_hand_over"),
    path("exchanges/<uuid:exchange_id>/cancel", Cancel.as_view(), name="api_exchange_cancel"),
    path("promo-codes/<str:code>", CheckPromoCode.as_view(), name="api_promo_code"),
    path("schema/", ApiSchema.as_view(), name="api_schema"),
    path("docs/", ApiDocs.as_view(url_name="api_schema"), name="api_docs"),
    re_path(r"", Nothing.as_view(), name="api_nothing"),
]
