"""The client's card behind his secret link: the code for the till, the balance and why it is so, his consents."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from clients import card_codes, card_links, certificates, consents, coupons, limits
from clients.consents import Kind
from clients.history import Event, history
from clients.models import Client
from clients.pages.public.doors import Holder, dress, for_holder, private
from clients.pages.public.forms import CardConsentsForm
from clients.pages.public.visitors import visitor
from clients.personal import requests
from clients.promises import promise_of
from loyalty import presence, stamps
from loyalty.models import Account, Exchange, Lot, Reward
from loyalty.programs import has_referrals
from loyalty.standing import standing
from loyalty.wording import words_on_page
from merchants import barcodes, paging, qr
from merchants.access import tenant
from merchants.models import Merchant
from merchants.templatetags.look import logo_url

SOURCE: Final = "card page"
SHOWN: Final = 5
A_PAGE: Final = 30


@dataclass(frozen=True)
class Page:
    """For parts/pager.html."""

    rows: list[Event]
    older: str
    is_first: bool


@require_safe
@for_holder
def card(request: HttpRequest, holder: Holder) -> HttpResponse:
    now, words = timezone.now(), words_on_page(holder.program.pk)
    events = history(program_id=holder.program.pk, account_id=holder.account.pk, words=words, now=now, limit=SHOWN + 1)
    context = {
        **_live(holder),
        "promise": promise_of(program_id=holder.program.pk, words=words, now=now),
        "events": events[:SHOWN],
        "has_more": len(events) > SHOWN,
        "shops": _shops(holder),
        "certificates": certificates.at_hand(
            program_id=holder.program.pk, account_id=holder.account.pk, words=words, now=now
        ),
        "gifts": _gifts(holder),
        **_invitation(request, holder, now),
        "manifest": reverse("card_manifest", args=[holder.token]),
    }
    return render(request, "clients/public/card.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_holder
def card_code(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The living part of the card by itself; a POST makes a new code, whoever has seen the old one."""
    if request.method != "POST":
        rotating = "HX-Request" in request.headers
        return render(request, "clients/public/live.html", _live(holder, rotating=rotating))
    if limits.use(limits.NEW_CODES_BY_CARD, str(holder.account.public_id)):
        messages.error(request, _("Too many new codes. The one you see still works."))
    elif holder.account.status == Account.Status.ACTIVE:
        card_codes.renew(account=holder.account, now=timezone.now())
    return redirect("card", holder.token)


@require_safe
@for_holder
def card_history(request: HttpRequest, holder: Holder) -> HttpResponse:
    start = paging.key_of(request.GET.get("before", ""))
    events = history(
        program_id=holder.program.pk,
        account_id=holder.account.pk,
        words=words_on_page(holder.program.pk),
        now=timezone.now(),
        before=start,
        limit=A_PAGE + 1,
    )
    older = str(events[A_PAGE - 1].id) if len(events) > A_PAGE else ""
    page = Page(events[:A_PAGE], older, is_first=start is None)
    return render(request, "clients/public/history.html", {**dress(holder.merchant), "holder": holder, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@for_holder
def card_consents(request: HttpRequest, holder: Holder) -> HttpResponse:
    said, texts = consents.held(holder.client), consents.texts_in_force(holder.merchant)
    if said.get(Kind.PARTNERS) and Kind.PARTNERS not in texts:
        # Nobody asks for it any more; whoever has given it may still withdraw it.
        texts[Kind.PARTNERS] = consents.built_in(holder.merchant, Kind.PARTNERS)
    initial = {"email": holder.client.email, **{str(kind): given for kind, given in said.items()}}
    sent = request.POST if request.method == "POST" and "withdraw" not in request.POST else None
    form = CardConsentsForm(sent, texts=texts, initial=initial)
    if form.is_valid():
        _change(holder, form, visitor(request))
        messages.success(request, _("Saved."))
        return redirect("card_consents", holder.token)
    if request.POST.get("withdraw") == "yes":
        requests.ask(client=holder.client, source=SOURCE, address=visitor(request), now=timezone.now())
        return redirect("card", holder.token)
    context: dict[str, Any] = {
        **dress(holder.merchant),
        "holder": holder,
        "form": form,
        "processing": texts[Kind.PROCESSING],
        "is_withdrawn": said.get(Kind.PROCESSING) is False,
        "stands": standing(program_id=holder.program.pk, account_id=holder.account.pk, now=timezone.now()),
        "asks": request.POST.get("withdraw") == "ask",
    }
    return render(request, "clients/public/consents.html", context)


@transaction.atomic
def _change(holder: Holder, form: CardConsentsForm, address: str) -> None:
    client, said = holder.client, form.cleaned_data
    if said["email"] != client.email:
        Client.objects.filter(pk=client.pk).update(email=said["email"])
    consents.say(
        client=client,
        said={kind: said[kind] for kind in form.asked},
        texts=form.texts,
        source=SOURCE,
        address=address,
        now=timezone.now(),
    )


@require_safe
@for_holder
def card_manifest(request: HttpRequest, holder: Holder) -> HttpResponse:
    """So that the card can be put on the phone's first screen."""
    logo = logo_url(holder.merchant)
    icons = [
        {"src": static("img/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": static("img/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
    ]
    if logo:
        icons.insert(0, {"src": logo, "sizes": "any"})
    manifest = {
        "name": holder.merchant.name,
        "short_name": holder.merchant.name[:12],
        "start_url": reverse("card", args=[holder.token]),
        "scope": reverse("card", args=[holder.token]),
        "display": "standalone",
        "theme_color": holder.merchant.colour,
        "background_color": "#ffffff",
        "icons": icons,
    }
    return JsonResponse(manifest, content_type="application/manifest+json")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notices_off(request: HttpRequest, token: str) -> HttpResponse:
    """The link in every notice. A look at it changes nothing, because mailboxes look too; a POST does, also one from
    a mailbox's own button (RFC 8058)."""
    client = card_links.client_to_unsubscribe(token)
    if client is None:
        return private(render(request, "clients/public/dead_link.html", status=404))
    with tenant(client.program_id):
        if request.method == "POST":
            consents.say(
                client=client,
                said={Kind.NOTICES: False},
                texts={},
                source="link in a notice",
                address=visitor(request),
                now=timezone.now(),
            )
        context = {**dress(client.account.merchant), "is_off": not consents.held(client).get(Kind.NOTICES, False)}
        return private(render(request, "clients/public/notices_off.html", context))


def _live(holder: Holder, *, rotating: bool = False) -> dict[str, Any]:
    """What changes while the page is looked at. A page that renews itself has a QR code that is good for a moment;
    without scripts it is the one-time code, which lives for ten minutes."""
    now = timezone.now()
    context: dict[str, Any] = {
        **dress(holder.merchant),
        "holder": holder,
        "stands": standing(program_id=holder.program.pk, account_id=holder.account.pk, now=now),
        "is_blocked": holder.account.status != Account.Status.ACTIVE,
    }
    if context["stands"].pending:
        context["pending"] = _next_pending(holder, now)
    if not context["is_blocked"]:
        words = words_on_page(holder.program.pk)
        held = coupons.at_hand(program_id=holder.program.pk, account_id=holder.account.pk, now=now)
        context["stamp_cards"] = stamps.shown(
            program_id=holder.program.pk, account_id=holder.account.pk, now=now, words=words
        )
        context["coupons"] = [
            *((coupon, coupons.terms(coupon, words)) for coupon in held),
            *coupons.codes_at_hand(program_id=holder.program.pk, account_id=holder.account.pk, now=now, words=words),
        ]
        code = card_codes.current(account=holder.account, now=now)
        number = card_codes.number_of(holder.account)
        context |= {
            "code": code,
            "qr": qr.svg(presence.token_of(code, now=now) if rotating else code.code),
            "is_rotating": rotating,
            "number": number,
            "barcode": barcodes.svg(number),
        }
    return context


def _gifts(holder: Holder) -> dict[str, Any]:
    """Whether there is a catalogue, and what he has taken and not come for yet. Two queries."""
    program = {"program_id": holder.program.pk}
    waiting = Exchange.objects.waiting().filter(**program, account=holder.account).order_by("pk")[:SHOWN]
    return {"some": Reward.objects.filter(**program, enabled=True).exists(), "waiting": list(waiting)}


def _invitation(request: HttpRequest, holder: Holder, now: dt.datetime) -> dict[str, str]:
    """The link for friends, while the rules give something for them. It says who invites, and opens nothing."""
    if holder.account.status != Account.Status.ACTIVE or not has_referrals(holder.program.pk, now):
        return {}
    join = request.build_absolute_uri(reverse("join", args=[holder.merchant.pk]))
    address = f"{join}?from={card_links.invite_token_of(holder.client)}"
    return {"invite": address, "invite_qr": qr.svg(address)}


def _next_pending(holder: Holder, now: dt.datetime) -> dict[str, Any] | None:
    lots = Lot.objects.filter(
        program_id=holder.program.pk, account=holder.account, rest__gt=0, available_at__gt=now
    ).order_by("available_at", "pk")
    rows = list(lots.values_list("available_at", "rest")[:100])
    if not rows:
        return None
    first = rows[0][0]
    return {"at": first, "points": sum((rest for at, rest in rows if at == first), Decimal(0))}


def _shops(holder: Holder) -> list[str]:
    """Of a shared programme, where the card is good."""
    names = list(
        Merchant.objects.filter(program_id=holder.program.pk, is_active=True)
        .order_by("name")
        .values_list("name", flat=True)
    )
    return names if len(names) > 1 else []
