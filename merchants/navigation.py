"""The menu of the dashboard: what a role may open, in the order of use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.access import Action
from merchants.doors import Workplace


@dataclass(frozen=True)
class Room:
    """A place of the menu. `pages` are the URL names of the pages inside; the first is where the link goes. `where`
    names what has to be known of the workplace for the room to be shown."""

    title: Promise
    icon: str
    action: Action
    pages: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True)
class Entry:
    title: Promise
    icon: str
    url: str
    is_current: bool


# Other apps name their pages here by URL name: nothing is imported from them.
ROOMS: Sequence[Room] = (
    Room(_("Overview"), "chart-bar", Action.SEE_FIGURES, ("dashboard", "figures")),
    Room(
        _("Clients"),
        "users",
        Action.SEE_CLIENTS,
        (
            "clients",
            "client",
            "client_new",
            "client_edit",
            "client_block",
            "client_referrer",
            "client_tier",
            "adjust",
            "adjust_selected",
            "undo_adjustment",
            "card_link",
            "client_duplicates",
            "segments",
            "segment",
            "segment_new",
            "segment_edit",
            "segment_delete",
            "segments_rfm",
            "client_acts",
            "client_act_new",
            "client_act",
            "client_act_undo",
            "client_merge",
            "client_unmerge",
            "client_card_bind",
            "client_card_block",
            "client_card_replace",
            "client_consents",
            "client_erase",
            "erasures",
            "erasure_drop",
            "client_imports",
            "client_import",
            "client_import_columns",
            "client_import_load",
            "client_import_undo",
            "receipt_imports",
        ),
    ),
    Room(
        _("Clients’ actions"),
        "message",
        Action.ADJUST_POINTS,
        ("activities", "activity_approve", "activity_refuse"),
        where="activities",
    ),
    Room(
        _("Approvals"),
        "checks",
        Action.ADJUST_POINTS,
        ("approvals", "approval_approve", "approval_refuse", "approval_withdraw"),
        where="approvals",
    ),
    Room(
        _("Cards"),
        "credit-card",
        Action.EDIT_CLIENTS,
        ("card_batches", "card_batch", "card_batch_new", "card_batch_withdraw", "card_terms"),
    ),
    Room(
        _("Certificates"),
        "gift",
        Action.ISSUE_CERTIFICATES,
        (
            "certificates",
            "certificate",
            "certificate_new",
            "certificate_send",
            "certificate_extend",
            "certificate_cancel",
        ),
    ),
    Room(
        _("Gifts for points"),
        "trophy",
        Action.SEE_SALES,
        ("rewards", "reward", "reward_new", "exchanges", "exchange_hand_over", "exchange_cancel"),
    ),
    Room(_("Promos"), "calendar", Action.SEE_RULES, ("promos", "promo_new")),
    Room(
        _("Promo codes"),
        "discount",
        Action.SEE_FIGURES,
        (
            "promo_codes",
            "promo_code_new",
            "promo_code_check",
            "promo_batch",
            "promo_batch_stop",
            "promo_batch_dates",
        ),
    ),
    Room(
        _("Receipts"),
        "receipt",
        Action.SEE_SALES,
        ("sales", "sale", "sale_client", "sale_client_to", "sale_client_back", "entries"),
    ),
    Room(_("Day totals"), "receipt-2", Action.SEE_SALES, ("z_report",)),
    Room(
        _("Campaigns"),
        "refresh",
        Action.SEE_FIGURES,
        (
            "campaigns",
            "campaign",
            "campaign_new",
            "campaign_edit",
            "campaign_dry_run",
            "campaign_start",
            "campaign_fire",
            "campaign_archive",
            "campaign_rules",
            "campaigns_results",
            "campaign_results",
            "campaigns_together",
        ),
    ),
    Room(
        _("Mailings"),
        "send",
        Action.SEE_FIGURES,
        (
            "mailings",
            "mailing",
            "mailing_new",
            "mailing_change",
            "message_templates",
            "message_template",
            "message_template_new",
            "message_template_test",
            "message_template_remove",
            "message_settings",
        ),
    ),
    Room(
        _("Rules"),
        "adjustments",
        Action.SEE_RULES,
        (
            "programme",
            "programme_edit",
            "programme_rules",
            "rule_kinds",
            "rule_new",
            "rule_edit",
            "rule_delete",
            "rule_templates",
            "programme_take_back",
            "programme_publish",
            "programme_version",
            "programme_discard",
            "backtests",
            "backtest",
            "backtest_new",
            "backtest_delete",
            "calculator",
        ),
    ),
    Room(
        _("Goods"),
        "shopping-bag",
        Action.SEE_RULES,
        (
            "goods",
            "product",
            "goods_new",
            "goods_categories",
            "goods_category",
            "goods_import",
            "goods_import_one",
            "goods_sold",
        ),
    ),
    Room(_("Till"), "cash-register", Action.OPEN_TILL, ("till_here",)),
    Room(_("Poster"), "qrcode", Action.EDIT_CLIENTS, ("poster",)),
    Room(
        _("Outlets and tills"),
        "building-store",
        Action.MANAGE_TILLS,
        ("outlets", "outlet_new", "outlet", "outlet_close", "till_new", "till_settings", "key_revoke", "till_off"),
    ),
    Room(
        _("Team"),
        "user-check",
        Action.MANAGE_TEAM,
        (
            "team",
            "member",
            "member_remove",
            "member_second_factor",
            "invite",
            "cashier_new",
            "cashier_edit",
            "cashier_dismiss",
        ),
    ),
    Room(
        _("Settings"), "settings", Action.CHANGE_SETTINGS, ("settings", "consent_texts", "points_limits", "retention")
    ),
    Room(_("Audit log"), "clipboard-list", Action.SEE_LOG, ("audit_log",)),
)


def entries(place: Workplace, *, current: str) -> list[Entry]:
    """The rooms that the role may enter; `current` is the URL name of the page that is drawn."""
    return [
        Entry(room.title, room.icon, reverse(room.pages[0], args=[place.merchant.pk]), current in room.pages)
        for room in ROOMS
        if place.may(room.action) and (not room.where or room.where in place.known or current in room.pages)
    ]
