"""The shop that does everything in any order, where people are erased, too: their books stay whole and nobody's."""

from __future__ import annotations

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from loyalty import closing
from loyalty.models import Account, Card, PersonalCoupon, Reservation, Sale
from tests.loyalty.test_machine import LONG, SHORT
from tests.loyalty.test_merging_machine import MergeMachine
from tests.loyalty.till_machine import ZERO, anyone


class ErasingMachine(MergeMachine):
    MOST = 6

    def __init__(self) -> None:
        super().__init__()
        self.erased: list[Account] = []
        self.gone: set[int] = set()

    @rule(who=anyone, again=st.booleans())
    @precondition(lambda self: len(self._living()) > 1)
    def erase(self, who: int, again: bool) -> None:
        """With receipts under way and all; the phone joins anew, now and then."""
        account, now = self._who(who), self.story.now
        phone = self.story.phone(account)
        told = closing.foresee(account=account, now=now)
        done = closing.close(account=account, reason="erased", now=now, by="test")
        assert (done.points, done.debt, done.receipts) == (told.points, told.debt, told.receipts)
        with pytest.raises(closing.ClosedAlreadyError):
            closing.close(account=account, reason="erased", now=now, by="test")
        self.erased.append(account)
        self.gone |= {account.pk, *closing.aliases_of(account)}
        self.merged = {key: row for key, row in self.merged.items() if key not in self.gone}
        self.balances[account.pk] = ZERO
        self.seen["erased"] += 1
        if again and phone and len(self.accounts) < self.MOST:
            new = self.story.join(phone)
            self.accounts.append(new)
            self.balances[new.pk] = self._standing(new).balance
            self.seen["joined anew"] += 1

    @rule()
    @precondition(lambda self: self.erased)
    def write_off_what_returns_have_left(self) -> None:
        for account in self.erased:
            if any(closing.write_off(
                program_id=self.story.program_id, account_id=account.pk, reason="", now=self.story.now, by="sweep"
            )):  # fmt: skip
                self.seen["written off late"] += 1
            self.balances[account.pk] = ZERO

    @invariant()
    def nobody_has_what_the_erased_had(self) -> None:
        if not self.gone:
            return
        assert not Card.objects.filter(account__in=self.gone).exists()
        assert not Sale.objects.filter(account__in=self.gone, status=Sale.Status.HELD).exists()
        assert not Reservation.objects.filter(account__in=self.gone).exists()
        assert not PersonalCoupon.objects.good(self.story.now).filter(account__in=self.gone).exists()
        statuses = Account.objects.filter(pk__in=self.gone).values_list("status", flat=True)
        assert set(statuses) <= {Account.Status.REMOVED, Account.Status.MERGED}

    def _living(self) -> list[Account]:
        return [one for one in self.accounts if one.pk not in self.merged and one.pk not in self.gone]

    def _who(self, n: int) -> Account:
        living = self._living()
        return living[n % len(living)]


@pytest.mark.django_db(transaction=True)
def test_people_come_and_go_in_any_order() -> None:
    run_state_machine_as_test(ErasingMachine, settings=settings(SHORT, max_examples=10, stateful_step_count=25))


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(4))
def test_four_hundred_shops_that_forget(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    machine = seed(number)(ErasingMachine)
    run_state_machine_as_test(machine, settings=LONG)
    with capsys.disabled():
        print(f"\npart {number}: {dict(ErasingMachine.seen.most_common())}")
