from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.pages.messages import hooks, public, staff

M = "m/<int:merchant_id>/messages/"

urlpatterns: list[URLPattern] = [
    path("unsubscribe/<str:token>/", public.unsubscribe, name="unsubscribe"),
    path("card/<str:token>/channels/", public.card_channels, name="card_channels"),
    path("hooks/telegram/", hooks.telegram_update, name="hook_telegram"),
    path("hooks/letters/<str:secret>/", hooks.letters, name="hook_letters"),
    path("push.js", hooks.push_worker, name="push_worker"),
    path(M, staff.message_templates, name="message_templates"),
    path(f"{M}new/", staff.message_template_new, name="message_template_new"),
    path(f"{M}preview/", staff.message_template_preview, name="message_template_preview"),
    path(f"{M}settings/", staff.message_settings, name="message_settings"),
    path(f"{M}<int:template_id>/", staff.message_template, name="message_template"),
    path(f"{M}<int:template_id>/test/", staff.message_template_test, name="message_template_test"),
    path(f"{M}<int:template_id>/remove/", staff.message_template_remove, name="message_template_remove"),
]
