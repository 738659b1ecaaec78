"""What lets a phone keep the till page like an app."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    home = reverse("till")
    icons = [
        {"src": static(f"till/{name}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in (
            ("icon-192", 192, "any"),
            ("icon-512", 512, "any"),
            ("maskable-512", 512, "maskable"),
        )
    ]
    return JsonResponse(
        {
            "id": home,
            "name": _("Kopilka: till"),
            "short_name": _("Till"),
            "lang": request.LANGUAGE_CODE,
            "start_url": home,
            "scope": home,
            "display": "standalone",
            "background_color": "#f6f8f7",
            "theme_color": "#0b6e4f",
            "icons": icons,
        },
        content_type="application/manifest+json",
    )
