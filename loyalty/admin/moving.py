"""Whose receipt it is: what an operator may do where a client was forgotten, or was the wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.admin import finding
from loyalty.admin.acts import why
from loyalty.models import Account, Sale
from loyalty.refusals import Refused
from loyalty.sales.moved import may_be_undone
from loyalty.sales.moving import CannotMove, Moved, foresee_move, foresee_move_back, move, move_back, why_not
from loyalty.wording import Words, words_on_page
from merchants.admin.acts import Act, ReasonForm
from merchants.admin.widgets import TextInput


@contextmanager
def worded() -> Iterator[None]:
    """A service's no as the sentence of a form."""
    try:
        yield
    except CannotMove as refused:
        if refused.why == "same":
            raise ValidationError(_("It is this client’s already.")) from refused
        if refused.why == "spent":
            raise ValidationError(_("The points of this receipt are spent already.")) from refused
        raise ValidationError(_("This receipt can’t be moved any more. Look at it again.")) from refused
    except Refused as refused:
        sentences = {
            "client_blocked": _("The client is blocked."),
            "client_not_found": _("There is no such client in this programme."),
            "occurred_at_too_old": _("The rules take no receipt as old as this one. Adjust the points instead."),
        }
        raise ValidationError(sentences.get(refused.code) or why(refused), code=refused.code) from refused


class MoveForm(ReasonForm):
    to = forms.CharField(
        label=gettext_lazy("Client"),
        max_length=64,
        widget=TextInput,
        help_text=gettext_lazy("Phone, card or id of the account."),
    )
    field_order = ("seen", "to", "reason")


class SaleAct(Act[Sale]):
    asks_twice = True

    @classmethod
    def possible(cls, row: Sale) -> bool:
        return why_not(row) is None

    def seen(self) -> str:
        return self.row.status

    def locked(self) -> Sale:
        # Not locked here: accounts come before sales, and the service locks both.
        return Sale.objects.select_related("outlet", "replaces__account").get(pk=self.row.pk)

    @property
    def words(self) -> Words:
        return words_on_page(self.program_id)

    def sides(self, told: Moved) -> Sequence[str]:
        said = []
        for name, side in ((_("It was of"), told.giver), (_("It will be of"), told.taker)):
            if side is None:
                said.append(f"{name} {_('nobody')}")
                continue
            before, after = self.words.shortest(side.before.balance), self.words.points(side.after.balance)
            said.append(f"{name} {side.before.account_id}: {before} → {after}")
        return said


class Move(SaleAct):
    slug = "move"
    title = gettext_lazy("Say whose receipt it is")
    icon = "move_up"
    form = MoveForm

    def says(self) -> Sequence[str]:
        return (_("The money stays as it was paid. Points are counted anew, by the rules of the receipt’s time."),)

    def to(self, data: dict[str, Any]) -> Account:
        found = [key for program, key in finding.accounts(data["to"].strip()) if program == self.program_id]
        if len(found) != 1:
            raise ValidationError({"to": _("There is no such client in this programme.")})
        account = Account.objects.get(pk=found[0])
        while account.merged_into is not None:
            account = account.merged_into
        return account

    def preview(self, data: dict[str, Any]) -> Sequence[str]:
        with worded():
            return self.sides(foresee_move(sale=self.row, to=self.to(data), now=self.now, by=self.by))

    def do(self, data: dict[str, Any]) -> str:
        with worded():
            done = move(sale=self.row, to=self.to(data), reason=data["reason"], now=self.now, by=self.by)
        return _("Done. The new receipt is %(id)s.") % {"id": done.sale_id}


class MoveBack(SaleAct):
    slug = "move-back"
    title = gettext_lazy("Undo the moving")
    icon = "undo"

    @classmethod
    def possible(cls, row: Sale) -> bool:
        return may_be_undone(row) and why_not(row) is None

    def preview(self, data: dict[str, Any]) -> Sequence[str]:
        with worded():
            return self.sides(foresee_move_back(sale=self.row, now=self.now, by=self.by))

    def do(self, data: dict[str, Any]) -> str:
        with worded():
            done = move_back(sale=self.row, reason=data["reason"], now=self.now, by=self.by)
        return _("Done. The new receipt is %(id)s.") % {"id": done.sale_id}
