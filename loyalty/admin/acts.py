"""What an operator may do to a client's account. The client's page offers the same acts as the account's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty import accounts
from loyalty.cards import issue_code
from loyalty.engine.calendar import Calendar
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Account
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.standing import NO_RULES, standing
from loyalty.wording import Words, words_on_page
from merchants import audit
from merchants.admin.acts import Act, ActForm, ReasonForm, Shown
from merchants.admin.widgets import DateInput, Select, TextInput


@contextmanager
def worded() -> Iterator[None]:
    """A service's no as the sentence of a form."""
    try:
        yield
    except Refused as refused:
        raise ValidationError(why(refused), code=refused.code) from refused


def why(refused: Refused) -> str:
    sentences = {
        "insufficient_points": _("The client has fewer points available than you would take."),
        "points_invalid": _("The programme doesn't count points so finely: fewer decimal places, please."),
        "adjustment_limit": _("Above what you may move by hand: the shop’s owner sets the limits."),
        "points_expired": _("By the rules these points would have expired already. Give them a last day of their own."),
        "tier_not_found": _("The rules in force have no such tier."),
        "draft_is_stale": _("Somebody else has saved the draft meanwhile."),
        "rules_invalid": _("The rules have faults. Mend them first."),
    }
    return sentences.get(refused.code, refused.code)


class AccountAct(Act[Model]):
    @property
    def account(self) -> Account:
        found: Account = account_of(self.row)
        return found

    @property
    def words(self) -> Words:
        return words_on_page(self.program_id)

    @property
    def rulebook(self) -> Rulebook:
        try:
            return rulebook_at(self.program_id, self.now)[1]
        except Refused:
            return NO_RULES

    def locked(self) -> Model:
        # Sales lock the account: a balance that was read under this lock stays.
        Account.objects.select_for_update().get(pk=self.account.pk)
        return type(self.row)._default_manager.get(pk=self.row.pk)

    def end_of(self, day: dt.date | None) -> dt.datetime | None:
        """The end of a day by the programme's clock."""
        if day is None:
            return None
        program = self.account.program
        return Calendar(program.time_zone, program.day_starts_at).end_of(day)

    def future(self, day: dt.date | None, field: str) -> dt.datetime | None:
        end = self.end_of(day)
        if end is not None and end <= self.now:
            raise ValidationError({field: _("This day is over already.")})
        return end


def account_of(row: Model) -> Account:
    return row if isinstance(row, Account) else row.account  # type: ignore[attr-defined]


class Block(AccountAct):
    slug = "block"
    title = gettext_lazy("Block")
    icon = "block"
    dangerous = True

    @classmethod
    def possible(cls, row: Model) -> bool:
        return account_of(row).status == Account.Status.ACTIVE

    def seen(self) -> str:
        return self.account.status

    def says(self) -> Sequence[str]:
        return (_("The client neither earns nor spends until unblocked. The points stay."),)

    def do(self, data: dict[str, Any]) -> str:
        accounts.block(account=self.account, reason=data["reason"], now=self.now, by=self.by)
        return _("The client is blocked.")


class Unblock(AccountAct):
    slug = "unblock"
    title = gettext_lazy("Unblock")
    icon = "lock_open"

    @classmethod
    def possible(cls, row: Model) -> bool:
        return account_of(row).status == Account.Status.BLOCKED

    def seen(self) -> str:
        return self.account.status

    def says(self) -> Sequence[str]:
        return (
            _("The client earns and spends again."),
            _("Blocked because: %(why)s") % {"why": self.account.block_reason},
        )

    def do(self, data: dict[str, Any]) -> str:
        accounts.unblock(account=self.account, reason=data["reason"], now=self.now, by=self.by)
        return _("The client is unblocked.")


class AdjustForm(ReasonForm):
    points = forms.DecimalField(
        label=gettext_lazy("Points"),
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=TextInput(inputmode="decimal"),
        help_text=gettext_lazy("With a minus to deduct: -50."),
    )
    expires = forms.DateField(
        label=gettext_lazy("Last day of added points"),
        required=False,
        widget=DateInput,
        help_text=gettext_lazy("Empty: as the rules say."),
    )
    field_order = ("seen", "points", "expires", "reason")


class Adjust(AccountAct):
    slug = "adjust"
    title = gettext_lazy("Adjust points")
    icon = "exposure"
    form = AdjustForm
    asks_twice = True

    @classmethod
    def possible(cls, row: Model) -> bool:
        return account_of(row).status != Account.Status.MERGED

    def seen(self) -> str:
        return str(self.balance())

    def balance(self) -> Decimal:
        return standing(program_id=self.program_id, account_id=self.account.pk, now=self.now).balance

    def says(self) -> Sequence[str]:
        return (_("Balance now: %(balance)s") % {"balance": self.words.points(self.balance())},)

    def preview(self, data: dict[str, Any]) -> Sequence[str]:
        points = check_points(data["points"], self.rulebook)
        now = standing(program_id=self.program_id, account_id=self.account.pk, now=self.now)
        if points < 0 and now.available < -points:
            raise ValidationError(
                _("Only %(available)s can be taken.") % {"available": self.words.points(now.available)}
            )
        self.future(data["expires"], "expires")
        before, after = self.words.shortest(now.balance), self.words.points(now.balance + points)
        return (_("It will be: %(before)s → %(after)s") % {"before": before, "after": after},)

    def do(self, data: dict[str, Any]) -> str:
        points = check_points(data["points"], self.rulebook)
        with worded():
            accounts.adjust(
                account=self.account,
                points=points,
                reason=data["reason"],
                now=self.now,
                by=self.by,
                expires_at=self.future(data["expires"], "expires"),
            )
        return _("Balance: %(balance)s") % {"balance": self.words.points(self.balance())}


def check_points(points: Decimal, rulebook: Rulebook) -> Decimal:
    if not points:
        raise ValidationError({"points": _("Nothing would change.")})
    if rulebook.program.precision == 0 and points % 1:
        raise ValidationError({"points": why(Refused("points_invalid"))})
    return points


class TierForm(ReasonForm):
    tier = forms.ChoiceField(label=gettext_lazy("Tier"), required=False, widget=Select)
    until = forms.DateField(
        label=gettext_lazy("Last day"), required=False, widget=DateInput, help_text=gettext_lazy("Empty: for ever.")
    )
    field_order = ("seen", "tier", "until", "reason")


class SetTier(AccountAct):
    slug = "tier"
    title = gettext_lazy("Set the tier")
    icon = "workspace_premium"
    form = TierForm

    @classmethod
    def possible(cls, row: Model) -> bool:
        return account_of(row).status != Account.Status.MERGED

    def prepare(self, form: ActForm) -> None:
        tiers = [(tier.id, tier.title) for tier in self.rulebook.tiers]
        form.fields["tier"].choices = [("", _("by purchases only")), *tiers]  # type: ignore[attr-defined]
        form.initial = {"tier": self.account.manual_tier}

    def seen(self) -> str:
        return f"{self.account.manual_tier} {self.account.manual_tier_until}"

    def says(self) -> Sequence[str]:
        now = standing(program_id=self.program_id, account_id=self.account.pk, now=self.now)
        return (
            _("Tier now: %(tier)s") % {"tier": now.tier_title or _("none")},
            _("The client is not below the tier that you set. A higher one is still reached by purchases."),
        )

    def do(self, data: dict[str, Any]) -> str:
        until = self.future(data["until"], "until") if data["tier"] else None
        with worded():
            accounts.set_manual_tier(
                account=self.account,
                tier=data["tier"],
                until=until,
                reason=data["reason"],
                now=self.now,
                by=self.by,
            )
        return _("The tier is set.")


class IssueCode(AccountAct):
    slug = "code"
    title = gettext_lazy("One-time code")
    icon = "pin"
    form = ActForm

    @classmethod
    def possible(cls, row: Model) -> bool:
        return account_of(row).status == Account.Status.ACTIVE

    def says(self) -> Sequence[str]:
        return (
            _("Six digits that stand for the client at a till, once, for ten minutes. Points can be spent with them."),
        )

    def do(self, data: dict[str, Any]) -> Shown:
        code = issue_code(account=self.account, now=self.now)
        # A code spends a client's points: who made it is worth knowing. The digits are not kept.
        audit.record(
            program_id=self.program_id, action="account.code_issued", at=self.now, by=self.by, subject=self.account
        )
        return Shown(
            _("One-time code"),
            code.code,
            (_("Good for ten minutes and one receipt. The cashier enters it in place of the card."),),
        )


ACCOUNT_ACTS: tuple[type[AccountAct], ...] = (Adjust, SetTier, Block, Unblock, IssueCode)
