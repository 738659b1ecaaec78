from __future__ import annotations

import re

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from loyalty.models import Account, Card
from merchants.models import Merchant, Program, TenantManager

# Of so many cards alike the newest are looked at: whoever means one types another digit.
MOST_CARDS = 2_000


class ClientQuerySet(models.QuerySet["Client"]):
    def matching(self, part: str, *, newest: int | None = None, numbers: bool = True) -> ClientQuerySet:
        """Clients with this part of a name, of a phone (three digits or more) or of a card's number (four).

        Each way of finding is a query of its own, because no index serves «or» across tables. With `newest`, each
        looks for so many of the newest and no further: enough for a page that begins where `self` does. Without
        `numbers`, a number is found by all of it or by a phone's last four digits: for those who may not see it.
        """
        ways = [self.filter(_named(part))]
        digits = "".join(re.findall(r"[0-9]", part))
        if len(digits) >= 3:
            ways.append(self.filter(_phoned(digits) if numbers else _known(digits)))
        if len(digits) >= 4:
            ways.append(self.filter(pk__in=self._by_card(digits, newest, numbers=numbers)))
        found = [way.order_by("-pk")[:newest] if newest else way.order_by() for way in ways]
        return self.filter(pk__in=found[0].values("pk").union(*(way.values("pk") for way in found[1:])))

    def _by_card(self, digits: str, newest: int | None, *, numbers: bool) -> list[int]:
        """Read at once, and by two queries: how many cards have these digits no planner can guess, and a wrong guess
        walks through all clients."""
        card = Q(number__contains=digits) if numbers else Q(number=digits)
        cards = Card.objects.filter(card).exclude(kind=Card.Kind.PHONE)
        accounts = sorted(cards.order_by().values_list("account", flat=True), reverse=True)[:MOST_CARDS]
        found = self.filter(account__in=accounts).order_by().values_list("pk", flat=True) if accounts else ()
        return sorted(found, reverse=True)[:newest]

    def newest_first(self, *, before: int | None = None) -> ClientQuerySet:
        """A page's order, starting below a client's key."""
        page = self if before is None else self.filter(pk__lt=before)
        return page.order_by("-pk")


def _named(part: str) -> Q:
    # Of one or two letters an index knows only where a word begins with them.
    return Q(name__icontains=part) if len(part) > 2 else Q(name__istartswith=part) | Q(name__icontains=f" {part}")


def _phoned(digits: str) -> Q:
    """Everybody writes the first digit of a phone differently: 8 916…, +7 916…, 916…"""
    if len(digits) == 11 and digits[0] in "78":
        return Q(phone=f"+7{digits[1:]}")
    found = Q(phone__contains=digits)
    return found | Q(phone__startswith=f"+7{digits[1:]}") if digits[0] == "8" else found


def _known(digits: str) -> Q:
    return Q(phone__endswith=digits) if len(digits) == 4 else Q(phone=f"+7{digits[-10:]}") | Q(phone=f"+{digits}")


class Client(models.Model):
    """The person behind an account. To erase a person is to delete this row; the books keep the account."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, models.PROTECT, related_name="client")
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = PhoneNumberField(_("phone"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    # Without its year it stands in the year 2000: nobody has an age by it.
    birthday_year_known = models.BooleanField(_("year of birth known"), default=True, db_default=True)
    note = models.CharField(_("note for cashiers"), max_length=300, blank=True)
    # Stands in the link to the client's card: another number, and all older links are dead.
    card_version = models.PositiveSmallIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("joined"), default=timezone.now)

    objects = TenantManager.from_queryset(ClientQuerySet)()

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints = [
            models.UniqueConstraint("program", "phone", condition=Q(phone__isnull=False), name="client_phone_unique"),
        ]
        indexes = [
            # «Any part of a name or a phone»: a search that no b-tree can answer. ILIKE compares upper case.
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="client_name_trigrams"),
            GinIndex(OpClass("phone", name="gin_trgm_ops"), name="client_phone_trigrams"),
        ]

    def __str__(self) -> str:
        return self.name or f"…{str(self.phone or '')[-4:]}"


class Consent(models.Model):
    """One consent, given or withdrawn, with what the person saw when giving it."""

    class Kind(models.TextChoices):
        PROCESSING = "processing", _("processing of personal data")
        ADVERTISING = "advertising", _("advertising")
        PARTNERS = "partners", _("transfer to partners")
        NOTICES = "notices", _("notices of purchases by e-mail")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, models.CASCADE, related_name="consents")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    given = models.BooleanField(_("given"))
    at = models.DateTimeField(_("when"), default=timezone.now)
    source = models.CharField(_("where"), max_length=60)
    # From which network, or at which place: forgotten where the shop wishes (`clients.personal.retention`).
    address = models.CharField(_("address"), max_length=120, blank=True, db_default="")
    text_version = models.CharField(_("version of the text"), max_length=40, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [models.Index(fields=["program", "client", "kind", "-at"], name="consent_latest")]

    def __str__(self) -> str:
        return self.get_kind_display()


class ConsentText(models.Model):
    """What clients are asked to agree to. A changed text is a new row: consents name the version that was shown."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=Consent.Kind.choices)
    version = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"), max_length=10_000)
    created_at = models.DateTimeField(_("written"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("text of a consent")
        verbose_name_plural = _("texts of consents")
        constraints = [
            models.UniqueConstraint("program", "merchant", "kind", "version", name="consent_text_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"


class PhoneCheck(models.Model):
    """The code sent to somebody who wants to join, or to see his card: whoever reads it holds the phone."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    phone = PhoneNumberField(_("phone"))
    digest = models.CharField(max_length=64)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("check of a phone")
        verbose_name_plural = _("checks of phones")
        constraints = [models.UniqueConstraint("program", "phone", name="phone_check_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
