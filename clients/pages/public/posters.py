"""For the team: the poster to print, the words of the consents, the link to a client's card."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_safe

from clients import card_links, consents, joining, limits
from clients.consents import Kind, Text
from clients.models import Client
from clients.pages.public.doors import dress, private
from clients.pages.public.forms import TextsForm
from clients.pages.public.visitors import in_words
from clients.promises import promise_of
from loyalty.wording import words_on_page
from merchants import qr
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.models import Outlet


@require_safe
@members_only(Action.EDIT_CLIENTS)
def poster(request: HttpRequest, place: Workplace) -> HttpResponse:
    """`?outlet=` is the code of the outlet that the poster is for; none, and it is for all of them."""
    outlets = list(place.open_outlets())
    outlet = _chosen(request, outlets)
    link = _join_link(request, place, outlet)
    # The poster speaks to clients, whatever language its maker reads.
    with override(place.program.language):
        promise = promise_of(program_id=place.program.pk, words=words_on_page(place.program.pk), now=timezone.now())
    context = {
        **dress(place.merchant),
        "outlets": outlets,
        "outlet": outlet,
        "link": link,
        "qr": qr.svg(link),
        "promise": promise,
        "may_write_texts": place.may(Action.CHANGE_SETTINGS),
        "checks_phones": joining.checks_phones(place.program),
        "wants_checks": place.program.join_by_sms,
    }
    return render(request, "clients/public/poster.html", context)


@require_safe
@members_only(Action.EDIT_CLIENTS)
def poster_qr(request: HttpRequest, place: Workplace, kind: str) -> HttpResponse:
    """The QR code of the poster alone, for a designer: `svg` or `png`."""
    outlet = _chosen(request, list(place.open_outlets()))
    link = _join_link(request, place, outlet)
    content, content_type = (qr.svg_file(link), "image/svg+xml") if kind == "svg" else (qr.png_file(link), "image/png")
    name = f"qr-{outlet.code}" if outlet else f"qr-{place.merchant.pk}"
    return HttpResponse(
        content, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.CHANGE_SETTINGS)
def consent_texts(request: HttpRequest, place: Workplace) -> HttpResponse:
    texts = consents.texts_in_force(place.merchant)
    # Asked for only where there are partners, or where the merchant writes a text.
    texts.setdefault(Kind.PARTNERS, Text(Kind.PARTNERS, "", ""))
    form = TextsForm(request.POST if request.method == "POST" else None, texts=texts)
    if form.is_valid():
        written = [
            consents.write_text(
                merchant=place.merchant, kind=kind, text=form.cleaned_data[kind], by=place.user, now=timezone.now()
            )
            for kind in texts
        ]
        messages.success(request, _("The texts are saved.") if any(written) else _("Nothing was changed."))
        return redirect("consent_texts", place.merchant.pk)
    rows = [(form[kind], text) for kind, text in texts.items()]
    return render(request, "clients/public/consent_texts.html", {"form": form, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_CLIENTS)
def card_link(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    """The link to a client's card. It is shown only when asked for, and the log knows to whom: it spends points."""
    client = get_object_or_404(
        Client.objects.select_related("account", "program"),
        program_id=place.program.pk,
        account__public_id=client_id,
    )
    context: dict[str, Any] = {"client": client, "has_sms": joining.checks_phones(place.program)}
    match request.POST.get("do") if request.method == "POST" else "":
        case "show":
            card_links.note_shown(client=client, by=place.user, now=timezone.now())
            link = card_links.address(client, request.build_absolute_uri("/"))
            context |= {**dress(place.merchant), "link": link, "qr": qr.svg(link)}
        case "mail" | "sms" as way:
            _send(request, place, client, way)
            return redirect("card_link", place.merchant.pk, client_id)
        case "renew":
            context["asks"] = True
        case "renew-yes":
            card_links.kill_older(client=client, by=place.user, now=timezone.now())
            messages.success(request, _("Older links no longer work. Give the client a new one."))
            return redirect("card_link", place.merchant.pk, client_id)
    return private(render(request, "clients/public/card_link.html", context))


def _send(request: HttpRequest, place: Workplace, client: Client, way: card_links.Way) -> None:
    if wait := limits.use(limits.LINKS_BY_CLIENT, str(client.pk)):
        messages.error(request, _("The link was sent often enough. Try again in %(time)s.") % {"time": in_words(wait)})
        return
    if way == "sms" and not joining.checks_phones(place.program):
        raise Http404
    try:
        card_links.send(
            client=client,
            way=way,
            shop=place.merchant.name,
            site=request.build_absolute_uri("/"),
            by=place.user,
            now=timezone.now(),
        )
    except ValueError:
        messages.error(request, _("There is no address to send it to."))
    else:
        messages.success(request, _("The link is on its way."))


def _chosen(request: HttpRequest, outlets: list[Outlet]) -> Outlet | None:
    return next((outlet for outlet in outlets if outlet.code == request.GET.get("outlet")), None)


def _join_link(request: HttpRequest, place: Workplace, outlet: Outlet | None) -> str:
    link = request.build_absolute_uri(reverse("join", args=[place.merchant.pk]))
    return f"{link}?at={outlet.code}" if outlet else link
