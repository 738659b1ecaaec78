"""The admin's side bar: the rooms of the house."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _


def rooms(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {"items": [{"title": _("Overview"), "icon": "home", "link": reverse("admin:index")}]},
        {
            "title": _("Merchants"),
            "separator": True,
            "items": [
                page(_("Programmes"), "loyalty", "merchants_program"),
                page(_("Merchants"), "store", "merchants_merchant"),
                page(_("Outlets"), "location_on", "merchants_outlet"),
                page(_("Tills"), "point_of_sale", "merchants_till"),
                page(_("Till keys"), "key", "merchants_tillkey"),
                page(_("Teams"), "badge", "merchants_member"),
                page(_("Invitations"), "mail", "merchants_invitation"),
                page(_("Users"), "person", "merchants_user"),
            ],
        },
        {
            "title": _("Loyalty"),
            "separator": True,
            "items": [
                page(_("Drafts of the rules"), "edit_note", "loyalty_programdraft"),
                page(_("Versions of the rules"), "history", "loyalty_programversion"),
                page(_("Loyalty accounts"), "account_balance_wallet", "loyalty_account"),
                page(_("Cards"), "credit_card", "loyalty_card"),
                page(_("Entries"), "receipt_long", "loyalty_entry"),
                page(_("Lots"), "stacks", "loyalty_lot"),
                page(_("Receipts"), "shopping_cart", "loyalty_sale"),
                page(_("Returns"), "undo", "loyalty_return"),
                page(_("Certificates"), "redeem", "loyalty_certificate"),
            ],
        },
        {
            "title": _("Clients"),
            "separator": True,
            "items": [
                page(_("Clients"), "groups", "clients_client"),
                page(_("Segments"), "filter_alt", "clients_segment"),
                page(_("Acts for many clients"), "group_work", "clients_clientact"),
            ],
        },
        {
            "title": _("Service"),
            "separator": True,
            "items": [
                page(_("Audit log"), "policy", "merchants_auditrecord"),
                page(_("Admin log"), "manage_accounts", "admin_logentry"),
                page(_("Outbox"), "outbox", "merchants_outboxmessage"),
                page(_("Answers kept for repeats"), "replay", "loyalty_idempotencykey"),
                page(_("Scheduled tasks"), "schedule", "django_celery_beat_periodictask"),
                page(_("Intervals"), "timer", "django_celery_beat_intervalschedule"),
                page(_("Crontabs"), "calendar_month", "django_celery_beat_crontabschedule"),
                page(_("Second factors"), "security", "mfa_authenticator"),
                page(_("E-mail addresses"), "alternate_email", "account_emailaddress"),
            ],
        },
    ]


def page(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(f"admin:{name}_changelist")}
