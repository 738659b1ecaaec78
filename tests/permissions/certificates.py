"""Certificates: `loyalty.pages.certificates`."""

from __future__ import annotations

from tests.permissions import EVERYBODY, Page, for_roles

STAFF = for_roles("owner", "manager", "operator")
ONE = "m/<int:merchant_id>/certificates/<uuid:certificate_id>/"
HERE = "/m/{merchant}/certificates/{certificate}/"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/certificates/": Page("/m/{merchant}/certificates/", STAFF),
    "m/<int:merchant_id>/certificates/certificates.csv": Page(
        "/m/{merchant}/certificates/certificates.csv", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/certificates/certificates.xlsx": Page(
        "/m/{merchant}/certificates/certificates.xlsx", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/certificates/new/": Page("/m/{merchant}/certificates/new/", STAFF),
    "m/<int:merchant_id>/certificates/batch/<uuid:batch>.pdf": Page(
        "/m/{merchant}/certificates/batch/{certificates}.pdf", STAFF
    ),
    ONE: Page(HERE, STAFF),
    f"{ONE}pdf/": Page(f"{HERE}pdf/", STAFF),
    f"{ONE}send/": Page(f"{HERE}send/", STAFF, "post"),
    f"{ONE}extend/": Page(f"{HERE}extend/", STAFF),
    f"{ONE}cancel/": Page(f"{HERE}cancel/", STAFF),
    "certificate/<str:token>/": Page("{certificate_public}", EVERYBODY),
    "certificate/<str:token>/certificate.pdf": Page("{certificate_public}certificate.pdf", EVERYBODY),
}
