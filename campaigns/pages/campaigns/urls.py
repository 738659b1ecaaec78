from __future__ import annotations

from django.urls import path

from campaigns.pages.campaigns import editing, lists, one

M = "m/<int:merchant_id>/campaigns/"

urlpatterns = [
    path(M, lists.campaigns, name="campaigns"),
    path(f"{M}new/", lists.campaign_new, name="campaign_new"),
    path(f"{M}rules/", lists.campaign_rules, name="campaign_rules"),
    path(f"{M}<int:campaign_id>/", one.campaign, name="campaign"),
    path(f"{M}<int:campaign_id>/edit/", editing.campaign_edit, name="campaign_edit"),
    path(f"{M}<int:campaign_id>/dry-run/", one.campaign_dry_run, name="campaign_dry_run"),
    path(f"{M}<int:campaign_id>/start/", one.campaign_start, name="campaign_start"),
    path(f"{M}<int:campaign_id>/do/", one.campaign_do, name="campaign_do"),
    path(f"{M}<int:campaign_id>/fire/", one.campaign_fire, name="campaign_fire"),
    path(f"{M}<int:campaign_id>/archive/", one.campaign_archive, name="campaign_archive"),
]
