"""The product's addresses, and one that only authenticates a till: what an answer costs before it does anything."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from rest_framework.request import Request

from merchants.authentication import HasScope, TillView


class Authenticated(TillView):
    """Says who may come in, and nothing else."""

    permission_classes = [HasScope("sell")]

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(status=204)


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/authenticated", Authenticated.as_view()),
    path("", include("config.urls")),
]
