from django.urls import URLPattern, path

from cashier.page import cards, certificates, correcting, entering, finding, manifest, receipts, returning, selling

urlpatterns: list[URLPattern] = [
    path("m/<int:merchant_id>/till/", entering.here, name="till_here"),
    path("till/connect/<str:token>/", entering.connect, name="till_connect"),
    path("till/manifest.webmanifest", manifest.manifest, name="till_manifest"),
    path("till/", finding.home, name="till"),
    path("till/who/", entering.who, name="till_who"),
    path("till/lock/", entering.lock, name="till_lock"),
    path("till/find/", finding.find, name="till_find"),
    path("till/new/", finding.new, name="till_new"),
    path("till/card/<str:word>/", cards.bind, name="till_card"),
    path("till/sale/", selling.sale, name="till_sale"),
    path("till/sale/<str:word>/", selling.sale, name="till_sale"),
    path("till/receipts/", receipts.receipts, name="till_receipts"),
    path("till/receipts/<uuid:sale_id>/", receipts.receipt, name="till_receipt"),
    path("till/receipts/<uuid:sale_id>/correct/", correcting.change, name="till_correct"),
    path("till/receipts/<uuid:sale_id>/client/", correcting.attach, name="till_attach"),
    path("till/receipts/<uuid:sale_id>/client/<str:word>/", correcting.attach, name="till_attach_to"),
    path("till/receipts/<uuid:sale_id>/return/", returning.give_back, name="till_return"),
    path("till/receipts/<uuid:sale_id>/returned/", returning.given_back, name="till_given_back"),
    path("till/certificates/", certificates.certificates, name="till_certificates"),
    path("till/shift/", receipts.shift, name="till_shift"),
]
