"""Something done to a segment or to several clients: asked for with its numbers, watched, decided, undone."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec import ValidationError

from clients.acts import asking, doing, working
from clients.acts.asking import Kind, State, Terms
from clients.models import Client, ClientAct, ClientActLine
from clients.models.client import ClientQuerySet
from clients.pages.staff.forms import AdjustForm, DayInput, ReasonForm, TierForm
from clients.pages.staff.points import over_in_words, signed, until_day
from clients.pages.staff.scope import rules_now
from clients.pages.staff.segments.common import clients_in_words, require_everywhere, segment_of
from clients.segments import using
from loyalty import hand_limits
from loyalty.approvals import DECIDED_WITHIN
from loyalty.certificates.rows import USUAL_DAYS
from loyalty.engine.earning import lot_dates
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Account
from loyalty.pages.certificates.forms import KINDS, checked_day
from loyalty.pages.goods.forms import PriceField
from loyalty.refusals import Refused
from loyalty.templatetags.kopilka import through
from loyalty.wording import Words, words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM: Final = ["GET", "HEAD", "POST"]
# As many are done at once, without a worker.
FEW: Final = paging.SIZE
TITLES: Final = {
    Kind.POINTS: gettext_lazy("Points by hand"),
    Kind.TIER: gettext_lazy("Set a tier"),
    Kind.TAG: gettext_lazy("Add a tag"),
    Kind.UNTAG: gettext_lazy("Remove a tag"),
    Kind.GIFT: gettext_lazy("Give certificates"),
}
NEEDED: Final = {Kind.POINTS: Action.ADJUST_POINTS, Kind.GIFT: Action.ISSUE_CERTIFICATES}
_TOO_MUCH: Final = gettext_lazy(
    "That is more points than your own limit allows. Whoever asked for it, or an owner, can undo it."
)
WHY: Final[dict[str, Promise]] = {
    "gone": gettext_lazy("is merged into another or removed"),
    "short": gettext_lazy("has too few points"),
    "late": gettext_lazy("it is too late for that"),
    "had": gettext_lazy("had the tag already"),
    "had_not": gettext_lazy("did not have the tag"),
    "many": gettext_lazy("has too many tags"),
    "changed": gettext_lazy("was changed by somebody since"),
    "tier": gettext_lazy("there is no such tier any more"),
    "nothing": gettext_lazy("the points have expired"),
    "spent": gettext_lazy("the points are spent"),
    "used": gettext_lazy("was used already"),
}


class TagForm(ReasonForm):
    tag = forms.CharField(
        label=gettext_lazy("Tag"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    field_order = ("tag", "reason")

    def clean_tag(self) -> str:
        tag = " ".join(str(self.cleaned_data["tag"]).split())
        if "," in tag:
            raise forms.ValidationError(_("One tag, without a comma."))
        return tag


class GiftForm(ReasonForm):
    """A certificate that is given away, to each of them."""

    sort = forms.ChoiceField(label=gettext_lazy("What for"), choices=KINDS[:2], widget=forms.RadioSelect, initial="sum")
    amount = PriceField(label=gettext_lazy("Sum"))
    percent = forms.DecimalField(
        label=gettext_lazy("Discount, %"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=5,
        decimal_places=2,
        localize=True,
    )
    last_day = forms.DateField(label=gettext_lazy("Good through"), widget=DayInput)
    title = forms.CharField(
        label=gettext_lazy("What it is called"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Certificates are given away: they pay, but earn no points."),
    )
    wish = forms.CharField(
        label=gettext_lazy("Wish"), required=False, max_length=250, widget=forms.Textarea(attrs={"rows": 2})
    )
    email = forms.BooleanField(
        label=gettext_lazy("Send it by e-mail to those who agreed to advertising and whose address is known"),
        required=False,
    )
    field_order = ("sort", "amount", "percent", "last_day", "title", "wish", "email", "reason")

    def __init__(self, *args: Any, rulebook: Rulebook, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = rulebook.calendar.day_of(now)
        self.fields["last_day"].initial = self._today + dt.timedelta(days=USUAL_DAYS)

    def clean_last_day(self) -> dt.date:
        return checked_day(self.cleaned_data["last_day"], self._today)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("sort") == "sum" and "amount" in data and not data["amount"]:
            self.add_error("amount", _("Say the sum of the certificate."))
        if data.get("sort") == "percent" and "percent" in data and not data["percent"]:
            self.add_error("percent", _("Say the discount of the certificate."))
        return data


class Whom:
    """The clients that a page is about: of a segment, or ticked in the list."""

    def __init__(self, request: HttpRequest, place: Workplace, now: dt.datetime) -> None:
        data = request.POST if request.method == "POST" else request.GET
        self.segment = None
        self.ids: list[uuid.UUID] = []
        key = paging.key_of(data.get("segment", ""))
        if key is not None:
            require_everywhere(place)
            self.segment = segment_of(place, key)
            try:
                self.rows: ClientQuerySet = using.members(self.segment, now)
            except ValidationError:
                raise Http404 from None
            self.title = self.segment.name
            return
        for text in data.getlist("client")[:FEW]:
            try:
                self.ids.append(uuid.UUID(text))
            except ValueError:
                continue
        rows = Client.objects.filter(program=place.program, account__public_id__in=self.ids)
        self.rows = rows.exclude(account__status=Account.Status.REMOVED)
        self.title = ""

    def back(self, place: Workplace) -> str:
        if self.segment is not None:
            return reverse("segment", args=[place.merchant.pk, self.segment.pk])
        return reverse("clients", args=[place.merchant.pk])


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def client_act_new(request: HttpRequest, place: Workplace, kind: str) -> HttpResponse:
    """`?segment=`, or `?client=` once for each. The form, its numbers, then the deed: once."""
    if kind not in Kind.values:
        raise Http404
    what, now = Kind(kind), timezone.now()
    place.require(NEEDED.get(what, Action.EDIT_CLIENTS))
    whom, rulebook = Whom(request, place, now), rules_now(place, now)
    number = whom.rows.order_by().count()
    if not number:
        messages.warning(request, _("There is nobody to do it for.") if whom.segment else _("Tick the clients first."))
        return redirect(whom.back(place))
    form = _form(what, request.POST if request.method == "POST" else None, rulebook, now)
    site = request.build_absolute_uri("/")
    if form.is_valid() and number > asking.MOST:
        form.add_error(None, _("That is too many clients at once: narrow the segment."))
    elif form.is_valid():
        if "confirmed" in request.POST:
            done = _asked(place, what, whom, form, rulebook, now, site)
            if done is not None:
                return done
            messages.warning(request, _("The number of clients has changed meanwhile. Look at the numbers again."))
        return _confirm(request, place, what, whom, form, rulebook, number, now)
    context = {
        "title": TITLES[what],
        "form": form,
        "whom": whom,
        "said": f"{whom.title}: {clients_in_words(number)}" if whom.title else clients_in_words(number),
        "back": whom.back(place),
    }
    return render(request, "clients/acts/new.html", context)


@members_only(Action.SEE_CLIENTS)
@require_safe
def client_acts(request: HttpRequest, place: Workplace) -> HttpResponse:
    rows = ClientAct.objects.filter(program=place.program, merchant=place.merchant).select_related("created_by")
    page = paging.newest_first(rows, request.GET.get("before", ""))
    words, rulebook = words_on_page(place.program.pk), rules_now(place, timezone.now())
    told = [(act, _what(act, words, rulebook)) for act in page.rows]
    return render(request, "clients/acts/list.html", {"rows": told, "page": page})


@members_only(Action.SEE_CLIENTS)
@require_safe
def client_act(request: HttpRequest, place: Workplace, act_id: int) -> HttpResponse:
    """How far it is, and how it went."""
    act, now = _found(place, act_id), timezone.now()
    alone = request.headers.get("HX-Request")
    if act.is_at_work:
        return render(
            request, f"clients/acts/progress{'_part' if alone else ''}.html", {"act": act, **_told(place, act)}
        )
    if alone:
        return HttpResponse(headers={"HX-Refresh": "true"})
    lines = ClientActLine.objects.filter(program=place.program, act=act).exclude(why="").order_by()
    reasons = list(lines.values("why").annotate(clients=Count("pk")).order_by("-clients").values_list("why", "clients"))
    others = place.user.pk != act.created_by_id
    context = {
        "act": act,
        **_told(place, act),
        "reasons": [(WHY.get(why, why), number) for why, number in reasons],
        "is_asked": act.state == State.ASKED,
        "until": act.created_at + DECIDED_WITHIN,
        "may_approve": act.state == State.ASKED and others and place.may(Action.APPROVE_POINTS),
        "may_take_back": act.state == State.ASKED and not others,
        "may_go_on": act.state == State.STOPPED and _may_do(place, act),
        "may_undo": asking.may_undo(act, now) and _may_do(place, act) and asking.is_ones_to_undo(act, place.user),
    }
    return render(request, "clients/acts/one.html", context)


@members_only(Action.EDIT_CLIENTS)
@require_POST
def client_act_decide(request: HttpRequest, place: Workplace, act_id: int) -> HttpResponse:
    """`do`: approve, refuse (or take back), go_on."""
    act, now = _found(place, act_id), timezone.now()
    back = redirect("client_act", place.merchant.pk, act.pk)
    place.require(NEEDED.get(Kind(act.kind), Action.EDIT_CLIENTS))
    try:
        match request.POST.get("do"):
            case "approve":
                place.require(Action.APPROVE_POINTS)
                act = asking.approve(act=act, now=now, by=place.user)
                messages.success(request, _("Approved: it is being done."))
            case "refuse":
                asking.refuse(act=act, now=now, by=place.user)
                messages.success(request, _("It will not be done."))
            case "go_on":
                asking.go_on(act=act, now=now, by=place.user)
    except asking.OneselfError:
        messages.error(request, _("Somebody else has to approve it."))
    except asking.NotNowError:
        messages.info(request, _("That was decided already, or its time is over."))
    except Refused as refused:
        if refused.code != "adjustment_limit":
            raise
        messages.error(request, _("It is above your own limit, too."))
    return back


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def client_act_undo(request: HttpRequest, place: Workplace, act_id: int) -> HttpResponse:
    act, now = _found(place, act_id), timezone.now()
    place.require(NEEDED.get(Kind(act.kind), Action.EDIT_CLIENTS))
    back = redirect("client_act", place.merchant.pk, act.pk)
    if not asking.may_undo(act, now):
        return back
    moved = asking.moved_by_undoing(act, place.user)
    if not asking.is_ones_to_undo(act, place.user):
        messages.error(request, _("Only whoever asked for it, or who approves points, can undo it."))
        return back
    if moved and hand_limits.over(merchant=place.merchant, points=moved, now=now, by=place.user) is not None:
        messages.error(request, _TOO_MUCH)
        return back
    if request.method == "POST":
        try:
            act = asking.undo(act=act, now=now, by=place.user)
            if act.clients <= FEW:
                working.run_now(act, clock=timezone.now)
        except asking.NotNowError:
            messages.info(request, _("Somebody has done that already."))
        except Refused as refused:
            if refused.code != "adjustment_limit":
                raise
            messages.error(request, _TOO_MUCH)
        return back
    words, rulebook = words_on_page(place.program.pk), rules_now(place, now)
    context = {
        "title": _("Undo it for all?"),
        "sentence": _("Every client gets back what was before; where it was changed since, it stays."),
        "figures": [
            (_("What was done"), _what(act, words, rulebook)),
            (_("Clients"), clients_in_words(act.done)),
        ],
        "verb": _("Undo"),
        "danger": True,
        "back": reverse("client_act", args=[place.merchant.pk, act.pk]),
    }
    return render(request, "shop/confirm.html", context)


def _found(place: Workplace, act_id: int) -> ClientAct:
    rows = ClientAct.objects.filter(program=place.program, merchant=place.merchant, pk=act_id)
    act = rows.select_related("created_by", "decided_by", "merchant").first()
    if act is None:
        raise Http404
    return act


def _may_do(place: Workplace, act: ClientAct) -> bool:
    return place.may(NEEDED.get(Kind(act.kind), Action.EDIT_CLIENTS))


def _form(kind: Kind, data: Any, rulebook: Rulebook, now: dt.datetime) -> Any:
    if kind == Kind.POINTS:
        return AdjustForm(data, rulebook=rulebook, now=now)
    form: Any
    if kind == Kind.TIER:
        form = TierForm(data, rulebook=rulebook, now=now)
    elif kind == Kind.GIFT:
        form = GiftForm(data, rulebook=rulebook, now=now)
    else:
        form = TagForm(data)
    form.fields["once"] = forms.UUIDField(required=False, widget=forms.HiddenInput)
    form.fields["seen"] = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    return form


def _terms(kind: Kind, form: Any, rulebook: Rulebook, site: str = "") -> tuple[Terms, str]:
    """What is done, and why."""
    if kind == Kind.POINTS:
        return Terms(points=form.change, expires_at=form.until), form.said
    data = form.cleaned_data
    if kind == Kind.TIER:
        day = data["until"] if data["tier"] else None
        return Terms(tier=data["tier"], until=rulebook.calendar.end_of(day) if day else None), data["reason"]
    if kind == Kind.GIFT:
        is_sum = data["sort"] == "sum"
        terms = Terms(
            amount=data["amount"] if is_sum else ZERO,
            percent=ZERO if is_sum else data["percent"],
            until=rulebook.calendar.end_of(data["last_day"]),
            title=data["title"],
            wish=data["wish"],
            email=data["email"],
            site=site,
        )
        return terms, data["reason"]
    return Terms(tag=data["tag"]), data["reason"]


def _asked(
    place: Workplace, kind: Kind, whom: Whom, form: Any, rulebook: Rulebook, now: dt.datetime, site: str
) -> HttpResponse | None:
    """None where there are no longer as many clients as were shown."""
    seen, key = form.cleaned_data["seen"], form.cleaned_data["once"]
    expected = paging.key_of(seen)
    if not key or expected is None:
        return None
    terms, reason = _terms(kind, form, rulebook, site)
    try:
        act = asking.ask(
            merchant=place.merchant,
            kind=kind,
            terms=terms,
            reason=reason,
            rows=whom.rows,
            title=whom.title,
            expected=expected,
            key=key,
            now=now,
            by=place.user,
        )
    except asking.ChangedError:
        return None
    if act.clients <= FEW:
        working.run_now(act, clock=timezone.now)
    return redirect("client_act", place.merchant.pk, act.pk)


def _confirm(
    request: HttpRequest,
    place: Workplace,
    kind: Kind,
    whom: Whom,
    form: Any,
    rulebook: Rulebook,
    number: int,
    now: dt.datetime,
) -> HttpResponse:
    words = words_on_page(place.program.pk)
    terms, reason = _terms(kind, form, rulebook)
    figures = [(_("Segment"), whom.title)] if whom.title else []
    figures.append((_("Clients"), clients_in_words(number)))
    over = None
    waits = kind == Kind.GIFT and asking.are_gifts_approved(place.merchant, place.user)
    if kind == Kind.POINTS:
        total = terms.points * number
        figures.append((_("To each of them"), signed(terms.points, words)))
        figures.append((_("Total for all of them"), signed(total, words)))
        if terms.points > 0:
            figures.append((_("Can be spent"), until_day(terms.expires_at or lot_dates(rulebook, now)[1])))
        else:
            figures.append((_("Who has fewer points"), _("is left out")))
        over = hand_limits.over(merchant=place.merchant, points=total, now=now, by=place.user)
        if over is not None:
            figures.append((_("Your limit"), over_in_words(form, over, words)))
            waits = True
    else:
        figures.append((_("What"), _said(kind, terms, words, rulebook)))
        if terms.amount:
            figures.append((_("Certificates for all of them"), words.round_money(terms.amount * number)))
        if terms.email:
            letters = doing.with_letters(whom.rows, place.merchant, now).order_by().count()
            figures.append((_("Letters, by the consent to advertising"), clients_in_words(letters)))
        if waits:
            figures.append((_("Who decides"), _("an owner, or another manager")))
    figures.append((_("Reason"), reason))
    data = request.POST.copy()
    data["once"], data["seen"] = uuid.uuid4().hex, str(number)
    hidden = _form(kind, data, rulebook, now)
    for field in hidden.fields.values():
        field.widget = forms.HiddenInput()
    context = {
        "title": _("Send for approval?") if waits else _("Do it for all of them?"),
        "sentence": clients_in_words(number) + ".",
        "figures": figures,
        "form": hidden,
        "whom": whom,
        "verb": _("Send for approval") if waits else _verb(kind, terms, number, words),
        "danger": kind == Kind.POINTS and terms.points < 0 and not waits,
        "back": whom.back(place),
    }
    return render(request, "clients/acts/confirm.html", context)


def _verb(kind: Kind, terms: Terms, number: int, words: Words) -> str:
    if kind != Kind.POINTS:
        return str(TITLES[kind])
    said = _("Add %(points)s") if terms.points > 0 else _("Deduct %(points)s")
    return said % {"points": words.points(abs(terms.points) * number)}


def _told(place: Workplace, act: ClientAct) -> dict[str, Any]:
    words, rulebook = words_on_page(place.program.pk), rules_now(place, timezone.now())
    total = words.points(asking.terms_of(act).points * act.done) if act.kind == Kind.POINTS else ""
    return {"what": _what(act, words, rulebook), "total": total, "clients_said": clients_in_words(act.clients)}


def _what(act: ClientAct, words: Words, rulebook: Rulebook) -> str:
    return _said(Kind(act.kind), asking.terms_of(act), words, rulebook)


def _said(kind: Kind, terms: Terms, words: Words, rulebook: Rulebook) -> str:
    """«+50 баллов», «уровень «Золото» до 31.12.2026», «метка «опт»»."""
    match kind:
        case Kind.POINTS:
            return signed(terms.points, words)
        case Kind.TIER:
            if not terms.tier:
                return _("tier by purchases only")
            title = next((tier.title for tier in rulebook.tiers if tier.id == terms.tier), terms.tier)
            said = _("tier “%(tier)s” through %(day)s") if terms.until else _("tier “%(tier)s” for ever")
            return said % {"tier": title, "day": through(terms.until) if terms.until else ""}
        case Kind.GIFT:
            day = through(terms.until) if terms.until else ""
            if terms.amount:
                said = _("certificate for %(sum)s through %(day)s")
                return said % {"sum": words.round_money(terms.amount), "day": day}
            said = _("certificate for a discount of %(percent)s through %(day)s")
            return said % {"percent": words.percent(terms.percent), "day": day}
        case Kind.TAG:
            return _("add the tag “%(tag)s”") % {"tag": terms.tag}
    return _("remove the tag “%(tag)s”") % {"tag": terms.tag}
