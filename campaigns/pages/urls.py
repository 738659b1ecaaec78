from __future__ import annotations

from django.urls import URLPattern

from campaigns.pages.campaigns import urls as campaigns
from campaigns.pages.mailings import urls as mailings
from campaigns.pages.messages import urls as messages

urlpatterns: list[URLPattern] = [
    *campaigns.urlpatterns,
    *mailings.urlpatterns,
    *messages.urlpatterns,
]
