"""Any other address under /api/v1/: a problem, not a page."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views import View

from cashier.api.problems import handler


class Nothing(View):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return handler(Http404(), {"request": request, "view": self})
