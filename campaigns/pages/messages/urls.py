from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.pages.messages import public

urlpatterns: list[URLPattern] = [
    path("unsubscribe/<str:token>/", public.unsubscribe, name="unsubscribe"),
    path("card/<str:token>/channels/", public.card_channels, name="card_channels"),
]
