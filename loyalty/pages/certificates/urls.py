from django.urls import URLPattern, path

from loyalty.pages.certificates import exporting, issuing, lists, one, public

urlpatterns: list[URLPattern] = [
    path("m/<int:merchant_id>/certificates/", lists.certificates, name="certificates"),
    path(
        "m/<int:merchant_id>/certificates/certificates.csv",
        exporting.certificates_export,
        {"kind": "csv"},
        name="certificates_csv",
    ),
    path(
        "m/<int:merchant_id>/certificates/certificates.xlsx",
        exporting.certificates_export,
        {"kind": "xlsx"},
        name="certificates_xlsx",
    ),
    path("m/<int:merchant_id>/certificates/new/", issuing.issue, name="certificate_new"),
    path("m/<int:merchant_id>/certificates/batch/<uuid:batch>.pdf", one.print_batch, name="certificates_print"),
    path("m/<int:merchant_id>/certificates/<uuid:certificate_id>/", one.certificate, name="certificate"),
    path("m/<int:merchant_id>/certificates/<uuid:certificate_id>/pdf/", one.print_one, name="certificate_print"),
    path("m/<int:merchant_id>/certificates/<uuid:certificate_id>/send/", one.send, name="certificate_send"),
    path("m/<int:merchant_id>/certificates/<uuid:certificate_id>/extend/", one.extend, name="certificate_extend"),
    path("m/<int:merchant_id>/certificates/<uuid:certificate_id>/cancel/", one.cancel, name="certificate_cancel"),
    path("certificate/<str:token>/", public.certificate, name="certificate_public"),
    path("certificate/<str:token>/certificate.pdf", public.pdf, name="certificate_public_pdf"),
]
