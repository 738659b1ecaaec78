"""Any other address under /api/v1/: a problem, not a page."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from cashier.api.problems import handler


@method_decorator(csrf_exempt, name="dispatch")
class Nothing(View):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return handler(Http404(), {"request": request, "view": self})
