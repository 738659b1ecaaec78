"""Who the client is."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import ExtractDay, ExtractMonth
from django.db.models.lookups import In
from msgspec import Meta, structs

from clients import listing
from clients.models import Consent
from clients.segments.conditions.base import Between, Condition, Whole, dated, listed
from clients.segments.looking import NOBODY, Among, Look
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext
from loyalty.models import Account, BroughtAlong
from merchants.models import Outlet, Till

_ = gettext_noop

Years = Annotated[int, Meta(ge=0, le=120)]


class Contact(Condition, frozen=True, kw_only=True, tag="contact"):
    """The client can be reached: by phone, by e-mail."""

    title = _("Contacts")
    says = "%(has)s"

    has: Annotated[
        Literal["phone", "email", "either", "both"],
        field(
            "choice",
            _("What is known"),
            choices=(
                ("phone", _("has a phone")),
                ("email", _("has an e-mail")),
                ("either", _("has a phone or an e-mail")),
                ("both", _("has a phone and an e-mail")),
            ),
        ),
    ] = "phone"

    def finds(self, look: Look) -> Q | Among:
        phone, email = Q(phone__isnull=False), ~Q(email="")
        return {"phone": phone, "email": email, "either": phone | email, "both": phone & email}[self.has]


class BirthdaySoon(Condition, frozen=True, kw_only=True, tag="birthday_soon"):
    """The birthday is today or within some days. Who was born on 29 February celebrates on 28 February in other
    years."""

    title = _("Birthday soon")
    says = ngettext("birthday within %(days)s day", "birthday within %(days)s days", "days")

    days: Annotated[int, field("days", _("Days ahead"), _("0 is today only."), ge=0, le=60)] = 14

    def finds(self, look: Look) -> Q | Among:
        days = {_celebrated_like(look.today + dt.timedelta(days=ahead)) for ahead in range(self.days + 1)}
        numbers = sorted({number for each in days for number in each})
        return Q(In(ExtractMonth("birthday") * 100 + ExtractDay("birthday"), numbers))


def _celebrated_like(day: dt.date) -> tuple[int, ...]:
    """Month and day, as a number, of those who celebrate on this day."""
    number = day.month * 100 + day.day
    return (number, 229) if number == 228 and not calendar.isleap(day.year) else (number,)


class BirthdayMonth(Condition, frozen=True, kw_only=True, tag="birthday_month"):
    """The birthday is in a month of the calendar."""

    title = _("Month of birth")
    says = _("born in %(month)s")

    month: Annotated[
        Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"],
        field(
            "choice",
            _("Month"),
            choices=(
                ("1", _("January")),
                ("2", _("February")),
                ("3", _("March")),
                ("4", _("April")),
                ("5", _("May")),
                ("6", _("June")),
                ("7", _("July")),
                ("8", _("August")),
                ("9", _("September")),
                ("10", _("October")),
                ("11", _("November")),
                ("12", _("December")),
            ),
        ),
    ] = "1"

    def finds(self, look: Look) -> Q | Among:
        return Q(birthday__month=int(self.month))


class Age(Between, frozen=True, kw_only=True, tag="age"):
    """Full years on this day. Whose birthday, or year of it, is not known has no age."""

    title = _("Age")
    says = _("aged %(at_least)s %(at_most)s")
    parts = {
        "at_least": ngettext("from %(value)s year", "from %(value)s years", "at_least"),
        "at_most": ngettext("to %(value)s year", "to %(value)s years", "at_most"),
    }

    at_least: Annotated[Years | None, field("count", _("From, years"))] = None
    at_most: Annotated[Years | None, field("count", _("To, years"), _("This age included."))] = None

    def finds(self, look: Look) -> Q | Among:
        found = Q(birthday__isnull=False, birthday_year_known=True)
        if self.at_least is not None:
            found &= Q(birthday__lte=_born_by(look.today, self.at_least))
        if self.at_most is not None:
            found &= Q(birthday__gt=_born_by(look.today, self.at_most + 1))
        return found


def _born_by(day: dt.date, years: int) -> dt.date:
    """The last birthday of those who are so many years old on this day."""
    year = day.year - years
    if (day.month, day.day) == (2, 28) and calendar.isleap(year) and not calendar.isleap(day.year):
        return dt.date(year, 2, 29)
    if (day.month, day.day) == (2, 29) and not calendar.isleap(year):
        return dt.date(year, 2, 28)
    return day.replace(year=year)


class BirthdayKnown(Condition, frozen=True, kw_only=True, tag="birthday_known"):
    """The birthday is known."""

    title = _("Birthday known")
    says = _("whose birthday is known")

    def finds(self, look: Look) -> Q | Among:
        return Q(birthday__isnull=False)


class Joined(Condition, frozen=True, kw_only=True, tag="joined"):
    """The client joined within a span of days."""

    title = _("Day of joining")
    says = _("joined %(since)s %(until)s")
    parts = {"since": _("since %(value)s"), "until": _("through %(value)s")}

    since: Annotated[dt.date | None, field("date", _("From"))] = None
    until: Annotated[dt.date | None, field("date", _("Through"))] = None

    def finds(self, look: Look) -> Q | Among:
        found = Q()
        if self.since is not None:
            found &= Q(created_at__gte=look.begins(self.since))
        return found if self.until is None else found & Q(created_at__lt=look.ends(self.until))

    def faults(self) -> Iterator[tuple[str, str]]:
        if self.since is None and self.until is None:
            yield "since", _("Say from which day, or through which.")
        yield from dated(self.since, self.until)


class JoinedAgo(Between, frozen=True, kw_only=True, tag="joined_ago"):
    """So many local days have passed since joining."""

    title = _("Days since joining")
    says = _("joined %(at_least)s %(at_most)s ago")
    parts = {
        "at_least": ngettext("%(value)s day or more", "%(value)s days or more", "at_least"),
        "at_most": ngettext("no more than %(value)s day", "no more than %(value)s days", "at_most"),
    }

    at_least: Annotated[Whole | None, field("days", _("At least so many days ago"))] = None
    at_most: Annotated[Whole | None, field("days", _("At most so many days ago"))] = None

    def finds(self, look: Look) -> Q | Among:
        return ago(look, "created_at", self.at_least, self.at_most)


def ago(look: Look, column: str, at_least: int | None, at_most: int | None) -> Q:
    found = Q(**{f"{column}__isnull": False})
    if at_least is not None:
        found &= Q(**{f"{column}__lt": look.end(-min(at_least, 40_000))})
    return found if at_most is None else found & Q(**{f"{column}__gte": look.start(min(at_most, 40_000))})


class Tagged(Condition, frozen=True, kw_only=True, tag="tags"):
    """The client has one of these tags, and none of those."""

    title = _("Tags")
    says = ("%(any)s, %(none)s", "%(any)s", "%(none)s")
    parts = {
        "any": ngettext("with the tag %(value)s", "with one of the tags %(value)s", "any"),
        "none": ngettext("without the tag %(value)s", "without the tags %(value)s", "none"),
    }

    any: Annotated[tuple[str, ...], field("tags", _("With one of the tags"))] = ()
    none: Annotated[tuple[str, ...], field("tags", _("Without the tags"))] = ()

    def finds(self, look: Look) -> Q | Among:
        found = Q(account__tags__overlap=list(self.any)) if self.any else Q()
        return found & ~Q(account__tags__overlap=list(self.none)) if self.none else found

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from listed(self.any or self.none, "any")


class InTier(Condition, frozen=True, kw_only=True, tag="tier"):
    """The client's tier at this moment is one of these."""

    title = _("Tier")
    says = ngettext("of the tier %(tiers)s", "of one of the tiers %(tiers)s", "tiers")

    tiers: Annotated[tuple[str, ...], field("tiers", _("Tiers"))] = ()

    def finds(self, look: Look) -> Q | Among:
        found = Q(pk__in=())
        for tier in self.tiers:
            found |= listing.in_tier(tier, look.rulebook, look.now)
        return found

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from listed(self.tiers, "tiers")


class Consented(Condition, frozen=True, kw_only=True, tag="consent"):
    """The client's latest word about it is «yes»."""

    title = _("Consent")
    says = _("who agreed to %(to)s")

    to: Annotated[
        Literal["processing", "advertising", "partners", "notices"],
        field(
            "choice",
            _("Consent to"),
            choices=(
                ("advertising", _("advertising")),
                ("notices", _("notices of purchases by e-mail")),
                ("partners", _("transfer to partners")),
                ("processing", _("processing of personal data")),
            ),
        ),
    ] = "advertising"

    def finds(self, look: Look) -> Q | Among:
        words = Consent.objects.filter(program_id=look.program_id, kind=self.to)
        if look.only is not None:
            words = words.filter(client__account=look.only)
        later = words.filter(client=OuterRef("client")).filter(
            Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
        )
        return Among.of(words.filter(~Exists(later), given=True).values("client__account"))


class Blocked(Condition, frozen=True, kw_only=True, tag="blocked"):
    """The client is blocked."""

    title = _("Blocked")
    says = _("who are blocked")

    def finds(self, look: Look) -> Q | Among:
        return Q(account__status=Account.Status.BLOCKED)


class JoinedBy(Condition, frozen=True, kw_only=True, tag="joined_by"):
    """How the client came: told by the first consent, or by what an import brought along."""

    title = _("Way of joining")
    says = _("who joined %(way)s")

    way: Annotated[
        Literal["till", "poster", "page", "staff", "import"],
        field(
            "choice",
            _("Where"),
            choices=(
                ("till", _("at the till")),
                ("poster", _("from the poster")),
                ("page", _("on the join page")),
                ("staff", _("written down by the staff")),
                ("import", _("from a file")),
            ),
        ),
    ] = "poster"

    def finds(self, look: Look) -> Q | Among:
        begins = {"till": "till:", "poster": "poster:", "page": "join page", "staff": "member:", "import": "import:"}
        found = _first_words(look, Q(source__startswith=begins[self.way]))
        if self.way == "import":
            brought = BroughtAlong.objects.filter(program_id=look.program_id)
            if look.only is not None:
                brought = brought.filter(account=look.only)
            found = found.also(Among.of(brought.values("account")))
        return found


class JoinedAt(Condition, frozen=True, kw_only=True, tag="joined_at"):
    """The client joined at a till or from a poster of one of these outlets."""

    title = _("Outlet of joining")
    says = ngettext("who joined at the outlet %(outlets)s", "who joined at one of the outlets %(outlets)s", "outlets")

    outlets: Annotated[tuple[str, ...], field("outlets", _("Outlets"))] = ()

    def finds(self, look: Look) -> Q | Among:
        outlets = Outlet.objects.filter(program_id=look.program_id, code__in=self.outlets)
        tills = Till.objects.filter(program_id=look.program_id, outlet__in=outlets).values_list("pk", flat=True)
        found = Q(source__in=[f"poster:{code}" for code in self.outlets])
        for till in tills:
            found |= Q(source=f"till:{till}") | Q(source__startswith=f"till:{till} ")
        return _first_words(look, found) if self.outlets else NOBODY

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from listed(self.outlets, "outlets")


def _first_words(look: Look, where: Q) -> Among:
    """Those whose first consent was given there: on the day of joining, or it was not the joining."""
    words = Consent.objects.filter(program_id=look.program_id)
    if look.only is not None:
        words = words.filter(client__account=look.only)
    earlier = words.filter(client=OuterRef("client"), kind=OuterRef("kind"), at__lt=OuterRef("at"))
    first = words.filter(where, ~Exists(earlier), kind=Consent.Kind.PROCESSING, at__lte=F("client__created_at") + DAY)
    return Among.of(first.values("client__account"))


DAY = dt.timedelta(days=1)


class WasInvited(Condition, frozen=True, kw_only=True, tag="was_invited"):
    """Another client has invited this one."""

    title = _("Invited by a client")
    says = _("whom a client invited")

    def finds(self, look: Look) -> Q | Among:
        return Q(account__referrer__isnull=False)


class InvitedOthers(Condition, frozen=True, kw_only=True, tag="invited_others"):
    """The client has invited at least so many others."""

    title = _("Has invited others")
    says = (
        _("who invited %(at_least)s or more %(bought)s"),
        _("who invited %(at_least)s or more"),
    )
    parts = {
        "at_least": ngettext("%(value)s client", "%(value)s clients", "at_least"),
        "bought": _("who have bought something"),
    }

    at_least: Annotated[int, field("count", _("How many, at least"), ge=1, le=100000)] = 1
    bought: Annotated[bool, field("yes", _("Only those count who have bought something"))] = False

    def finds(self, look: Look) -> Q | Among:
        came = Account.objects.filter(program_id=look.program_id, referrer__isnull=False).order_by()
        if look.only is not None:
            came = came.filter(referrer=look.only)
        if self.bought and look.own is None:
            came = came.filter(first_purchase_at__isnull=False)
        elif self.bought:
            # Of whoever was invited, not of the one that is asked about.
            sales = structs.replace(look, only=None).sales()
            came = came.filter(Exists(sales.filter(account=OuterRef("pk"))))
        return Among.of(
            came.values("referrer").annotate(measure=Count("pk")).filter(measure__gte=self.at_least).values("referrer")
        )
