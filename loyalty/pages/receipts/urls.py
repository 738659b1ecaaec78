from django.urls import path

from loyalty.pages.receipts.entries import entries, entries_export
from loyalty.pages.receipts.exporting import sales_export
from loyalty.pages.receipts.lists import sales
from loyalty.pages.receipts.one import sale

urlpatterns = [
    path("m/<int:merchant_id>/receipts/", sales, name="sales"),
    path("m/<int:merchant_id>/receipts/receipts.csv", sales_export, {"kind": "csv"}, name="sales_csv"),
    path("m/<int:merchant_id>/receipts/receipts.xlsx", sales_export, {"kind": "xlsx"}, name="sales_xlsx"),
    path("m/<int:merchant_id>/receipts/points/", entries, name="entries"),
    path("m/<int:merchant_id>/receipts/points/points.csv", entries_export, {"kind": "csv"}, name="entries_csv"),
    path("m/<int:merchant_id>/receipts/points/points.xlsx", entries_export, {"kind": "xlsx"}, name="entries_xlsx"),
    path("m/<int:merchant_id>/receipts/<uuid:sale_id>/", sale, name="sale"),
]
