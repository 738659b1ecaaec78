"""GET /certificates/{code}"""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from cashier.api.certificates.answer import CertificateAnswer, certificate_answer
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty.certificates import checking


class CheckCertificate(ApiView):
    scopes: ClassVar = {"GET": ("sell", "read")}
    guessable = True

    @documented(
        operation="checkCertificate",
        summary="What a certificate holds",
        description="By its code, in any spelling. Wrong codes are counted as guesses are.",
        answers={200: CertificateAnswer},
        problems=("certificate_not_found",),
        tag="certificates",
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        one = checking.find(program_id=self.caller.program_id, merchant_id=self.caller.merchant_id, code=code)
        site = request.build_absolute_uri("/")
        return self.answer(certificate_answer(one, caller=self.caller, site=site, now=self.now))
