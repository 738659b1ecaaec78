"""What clients say about messages: the link that ends a channel, and the channels on the page of the card."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.messages import refusing, subscribing
from campaigns.models import Channel
from clients import consents
from clients.consents import Kind
from clients.pages.public.doors import Holder, dress, for_holder, private
from clients.pages.public.visitors import visitor
from merchants.access import tenant
from merchants.gateways import push, telegram
from merchants.gateways.push import Browser


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The link in every advertisement. A look at it changes nothing, because mailboxes look too; a POST does, also one
    from a mailbox's own button (RFC 8058). `all` in it takes the consent to advertising back altogether."""
    named = refusing.named_by(token)
    client = refusing.client_of(named) if named is not None else None
    if named is None or client is None:
        return private(render(request, "clients/public/dead_link.html", status=404))
    with tenant(client.program_id):
        if request.method == "POST":
            now = timezone.now()
            if "back" in request.POST:
                refusing.take_back(client=client, channel=named.channel)
            elif "all" in request.POST:
                consents.say(
                    client=client,
                    said={Kind.ADVERTISING: False},
                    texts={},
                    source="unsubscribe link",
                    address=visitor(request),
                    now=now,
                )
            else:
                refusing.refuse(client=client, channel=named.channel, source=named.source, now=now)
        context = {
            **dress(client.account.merchant),
            "channel": named.channel,
            "is_off": named.channel in refusing.refused_by(client),
            "is_all_off": not consents.held(client).get(Kind.ADVERTISING, False),
        }
        return private(render(request, "campaigns/messages/unsubscribe.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@for_holder
def card_channels(request: HttpRequest, holder: Holder) -> HttpResponse:
    """By which channels the shop may write to whoever holds this card."""
    if request.method == "POST":
        _change(request, holder)
        if request.headers.get("X-Requested-With") == "fetch":
            return HttpResponse(status=204)
        messages.success(request, _("Saved."))
        return redirect("card_channels", holder.token)
    client, refused = holder.client, refusing.refused_by(holder.client)
    links = subscribing.of(client)
    context: dict[str, Any] = {
        **dress(holder.merchant),
        "holder": holder,
        "agreed": consents.held(client).get(Kind.ADVERTISING, False),
        "email_off": Channel.EMAIL in refused,
        "sms_off": Channel.SMS in refused,
        "has_telegram": telegram.is_set_up(),
        "chat": links.chat is not None,
        "start": subscribing.start_link(client, timezone.now()) if telegram.is_set_up() else "",
        "push_key": push.public_key() if push.is_set_up() else "",
        "browsers": links.browsers,
    }
    return render(request, "campaigns/messages/channels.html", context)


@transaction.atomic
def _change(request: HttpRequest, holder: Holder) -> None:
    asked, now = request.POST, timezone.now()
    for channel in (Channel.EMAIL, Channel.SMS):
        if asked.get("off") == channel:
            refusing.refuse(client=holder.client, channel=channel, source="card page", now=now)
        if asked.get("on") == channel:
            refusing.take_back(client=holder.client, channel=channel)
    if asked.get("off") == Channel.TELEGRAM:
        subscribing.unlink(client=holder.client)
    if asked.get("off") == Channel.PUSH:
        subscribing.forget_browsers(client=holder.client, endpoint=asked.get("endpoint", "").replace("\0", "?"))
    if asked.get("on") == Channel.PUSH:
        browser = Browser(asked.get("endpoint", "")[:1000], asked.get("p256dh", "")[:120], asked.get("auth", "")[:60])
        subscribing.subscribe(client=holder.client, browser=browser, now=now)
