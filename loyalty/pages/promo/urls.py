from django.urls import URLPattern, path

from loyalty.pages.promo import lists, one

HERE = "m/<int:merchant_id>/promo-codes/"
ONE = f"{HERE}<int:batch_id>/"

urlpatterns: list[URLPattern] = [
    path(HERE, lists.promo_codes, name="promo_codes"),
    path(f"{HERE}new/", lists.promo_code_new, name="promo_code_new"),
    path(f"{HERE}check/", lists.promo_code_check, name="promo_code_check"),
    path(ONE, one.promo_batch, name="promo_batch"),
    path(f"{ONE}stop/", one.promo_batch_stop, name="promo_batch_stop"),
    path(f"{ONE}go-on/", one.promo_batch_go_on, name="promo_batch_go_on"),
    path(f"{ONE}dates/", one.promo_batch_dates, name="promo_batch_dates"),
    path(f"{ONE}codes.csv", one.promo_batch_export, {"kind": "csv"}, name="promo_batch_csv"),
    path(f"{ONE}codes.xlsx", one.promo_batch_export, {"kind": "xlsx"}, name="promo_batch_xlsx"),
    path(f"{ONE}codes.pdf", one.promo_batch_print, name="promo_batch_print"),
]
