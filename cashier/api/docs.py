"""The schema and its pages. Scripts and styles come from this server; no page has a script of its own inside."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


class ApiSchema(SpectacularAPIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)


class ApiDocs(SpectacularSwaggerSplitView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
