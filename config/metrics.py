"""Metrics for Prometheus, for whoever holds the token; without METRICS_TOKEN they do not exist.

With several web processes set PROMETHEUS_MULTIPROC_DIR to an empty folder they share, or each
scrape tells of one process only.
"""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    expected = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not constant_time_compare(request.headers.get("Authorization", ""), expected):
        raise Http404
    exported: HttpResponse = ExportToDjangoView(request)
    return exported
