"""A client's page: who it is, what the points are, and why."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from msgspec import Struct
from msgspec.structs import replace

from clients import birthdays, certificates, coupons, merging
from clients.history import Event, RulesOverTime, told
from clients.models import Client, Consent, Erasure
from clients.pages.staff.scope import client_of, email_for, is_seen, number_for, phone_for
from loyalty import by_hand, past_receipts, stamps
from loyalty.engine.explanation import Fact
from loyalty.engine.rulebook import Rulebook
from loyalty.explanations import title_of
from loyalty.merging import UNDONE_WITHIN
from loyalty.models import Account, Card, Entry, Exchange, Lot, PersonalCoupon, Sale
from loyalty.standing import standing
from loyalty.undoing import undoable
from loyalty.wording import Words, words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

LOTS_SHOWN = 100
ENTRIES_SHOWN = 20
SALES_SHOWN = 10
COUPONS_SHOWN = 20


class Told(Struct, frozen=True):
    """An entry as the page shows it. `sale` is None where the reader may not open the receipt."""

    event: Event
    actor: str
    sale: Sale | None
    may_undo: bool


@members_only(Action.SEE_CLIENTS)
@require_safe
def client(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    now = timezone.now()
    one = client_of(place, client_id)
    account, words = one.account, words_on_page(place.program.pk)
    rules = RulesOverTime(place.program.pk)
    stands = standing(program_id=place.program.pk, account_id=account.pk, now=now)
    lots = Lot.objects.filter(account=account, rest__gt=0).exclude(expires_at__lte=now)
    entries = Entry.objects.filter(account=account).select_related("sale")
    page = paging.newest_first(entries, request.GET.get("before", ""), size=ENTRIES_SHOWN)
    others = by_hand.of_others(page.rows, merchant_id=place.merchant.pk)
    ours = [entry for entry in page.rows if entry.pk not in others]
    may_undo = undoable(ours, now) if place.may(Action.ADJUST_POINTS) else set()
    in_force = rules.at(now)
    is_blocked = account.status == Account.Status.BLOCKED
    return render(
        request,
        "clients/one.html",
        {
            "client": one,
            "birthday": birthdays.shown(one.birthday, year_known=one.birthday_year_known),
            "account": account,
            "is_blocked": is_blocked,
            "phone": phone_for(place, one),
            "email": email_for(place, one),
            "cards": [
                (card, number_for(place, card)) for card in Card.objects.filter(account=account).order_by("kind", "pk")
            ],
            "consents": _latest(Consent.objects.filter(client=one).order_by("kind", "-at", "-pk").distinct("kind")),
            "standing": stands,
            # Of the points that expire next, those that can't be spent yet: they are not among the available ones.
            "expiring_later": stands.pending
            and lots.filter(expires_at=stands.next_expiry_at, available_at__gt=now).aggregate(n=Sum("rest"))["n"],
            "manual_tier": _manual_tier(account, rules.at(now)),
            "manual_lasts": account.manual_tier_until is None or account.manual_tier_until > now,
            "lots": [
                (lot, _given_by(lot, rules.at(lot.created_at), words), lot.available_at > now)
                for lot in lots.order_by("expires_at", "available_at", "pk")[:LOTS_SHOWN]
            ],
            "page": page,
            "history": _told(place, page.rows, rules, words, others=others, may_undo=may_undo),
            "sales": list(
                Sale.objects.filter(place.seen(), account=account)
                .select_related("outlet")
                .defer("explanation", "earnings", "flags")
                .order_by("-local_day", "-pk")[:SALES_SHOWN]
            ),
            "past": past_receipts.of_client(account, seen=place.seen(), size=SALES_SHOWN),
            "coupons": [
                (coupon, coupons.terms(coupon, words), _state(coupon, now))
                for coupon in PersonalCoupon.objects.filter(account=account)
                .select_related("sale")
                .order_by("-pk")[:COUPONS_SHOWN]
            ],
            "stamp_cards": stamps.shown(program_id=place.program.pk, account_id=account.pk, now=now, words=words),
            "gifts": list(
                Exchange.objects.filter(program_id=place.program.pk, merchant=place.merchant, account=account).order_by(
                    "-pk"
                )[:COUPONS_SHOWN]
            ),
            "certificates": certificates.at_hand(
                program_id=place.program.pk, account_id=account.pk, words=words, now=now, merchant_id=place.merchant.pk
            )
            if place.may(Action.ISSUE_CERTIFICATES)
            else [],
            "may_issue": place.may(Action.ISSUE_CERTIFICATES),
            "referrer": Client.objects.filter(account=account.referrer_id).select_related("account").first()
            if account.referrer_id
            else None,
            "may_name_referrer": account.referrer_id is None
            and account.first_purchase_at is None
            and place.may(Action.EDIT_CLIENTS)
            and bool(in_force and in_force.levels),
            "invited": Account.objects.filter(referrer=account).count(),
            "may_adjust": place.may(Action.ADJUST_POINTS),
            "may_edit": place.may(Action.EDIT_CLIENTS),
            "may_erase": place.may(Action.ERASE_CLIENTS),
            "may_export": place.may(Action.EXPORT) and place.outlets is None,
            "erasure": Erasure.objects.asked().filter(account=account).first() if is_blocked else None,
            "merges": [
                # The last whole day of it.
                (row, row.person["name"] or _("Client without a name"), row.merge.at + UNDONE_WITHIN - dt.timedelta(1))
                for row in merging.undoable(one, now)
            ]
            if place.may(Action.MERGE_CLIENTS)
            else [],
        },
    )


def _told(
    place: Workplace,
    entries: Sequence[Entry],
    rules: RulesOverTime,
    words: Words,
    *,
    others: set[int],
    may_undo: set[int],
) -> list[Told]:
    """Of a partner's receipts, and of `others` by his hand, the points are told, and nothing else."""
    found = []
    for entry in entries:
        event = told(entry, words, rules, reader="staff")
        sale = entry.sale
        if sale is not None and not is_seen(place, sale):
            elsewhere = sale.merchant_id == place.merchant.pk
            where = _("At another outlet") if elsewhere else _("At another company of the programme")
            event, sale = replace(event, title=str(entry.get_kind_display()), why=where), None
        if entry.pk in others:
            event = replace(event, why=_("At another company of the programme"))
        known = entry.kind == Entry.Kind.ADJUST and entry.pk not in others
        actor = entry.actor if known and place.may(Action.SEE_LOG) else ""
        found.append(Told(event, actor, sale, entry.pk in may_undo))
    return found


def _given_by(lot: Lot, rulebook: Rulebook | None, words: Words) -> str:
    """By which rule points were given, in words."""
    known = {
        "adjustment": _("By hand"),
        "opening": _("Balance brought along"),
        "reinstated": _("Points that came back"),
    }
    if lot.rule in known:
        return known[lot.rule]
    if rulebook is not None:
        for rule in rulebook.rules:
            if rule.id == lot.rule:
                return rule.title
        for tier in rulebook.tiers:
            if lot.rule == tier.rule:
                rate: Decimal | None = tier.earn_percent
                return title_of(Fact(lot.rule, "earn", "percent", tier.title, rate=rate), words)
            if lot.rule == tier.gift_rule:
                return title_of(Fact(lot.rule, "gift", "tier_gift", tier.title), words)
    return _("Earned")


def _state(coupon: PersonalCoupon, now: dt.datetime) -> str:
    """Of a coupon, in a word; a hold that is over has not used it."""
    sale = coupon.sale
    over = sale is None or sale.status == Sale.Status.ENDED
    if sale is not None and sale.status == Sale.Status.HELD and sale.hold_until is not None:
        over = sale.hold_until <= now
    if coupon.cancelled_at is not None:
        return _("taken back")
    if not over:
        return _("used")
    return _("the coupon has expired") if coupon.expires_at <= now else _("can be used")


def _manual_tier(account: Account, rulebook: Rulebook | None) -> str:
    tiers = rulebook.tiers if rulebook else ()
    return next((tier.title for tier in tiers if tier.id == account.manual_tier), account.manual_tier)


def _latest(consents: Iterable[Consent]) -> list[tuple[Consent, str]]:
    """The latest word about each kind, and where it was said."""
    order = list(Consent.Kind)
    latest = sorted(consents, key=lambda consent: order.index(Consent.Kind(consent.kind)))
    return [(consent, where_of(consent.source)) for consent in latest]


def where_of(source: str) -> str:
    """`till:17 anna`, `poster:lesnaya`, `member:5`, `join page` in words."""
    kind = source.partition(":")[0]
    known = {
        "till": _("at the till"),
        "poster": _("from the poster"),
        "member": _("written down by the staff"),
        "paper": _("on paper"),
        "import": _("from a loaded file"),
        "card page": _("on the card page"),
        "link in a notice": _("by the link in a letter"),
        "join page": _("on the join page"),
    }
    return known.get(kind, source)


def name_of(one: Client) -> str:
    return one.name or _("Client without a name")
