from django.urls import path

from loyalty.pages.receipts.lists import sales
from loyalty.pages.receipts.one import sale

urlpatterns = [
    path("m/<int:merchant_id>/receipts/", sales, name="sales"),
    path("m/<int:merchant_id>/receipts/<uuid:sale_id>/", sale, name="sale"),
]
