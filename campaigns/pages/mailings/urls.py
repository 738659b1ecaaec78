from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.pages.mailings import views

M = "m/<int:merchant_id>/mailings/"

urlpatterns: list[URLPattern] = [
    path(M, views.mailings, name="mailings"),
    path(f"{M}new/", views.mailing_new, name="mailing_new"),
    path(f"{M}<int:mailing_id>/", views.mailing, name="mailing"),
    path(f"{M}<int:mailing_id>/change/", views.mailing_change, name="mailing_change"),
]
