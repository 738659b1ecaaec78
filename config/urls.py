"""Every address of the site, by who owns what stands behind it."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health, metrics
from config.styleguide import styleguide

# The admin's own login knows neither rate limits nor second factors; allauth's page does.
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    # Tills first: addresses are tried in their order, and nobody calls more often.
    path("api/v1/", include("cashier.api.urls")),
    path("", include("cashier.page.urls")),
    path("", include("merchants.urls")),
    path("", include("insights.urls")),
    path("", include("campaigns.pages.urls")),
    path("", include("clients.pages.staff.urls")),
    path("", include("clients.pages.public.urls")),
    path("", include("loyalty.pages.certificates.urls")),
    path("", include("loyalty.pages.goods.urls")),
    path("", include("loyalty.pages.promo.urls")),
    path("", include("loyalty.pages.receipts.urls")),
    path("", include("loyalty.pages.rewards.urls")),
    path("", include("loyalty.pages.rules.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("healthz", health.live),
    path("readyz", health.ready),
    path("metrics", metrics.export),
]

if settings.LOCAL:
    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))
