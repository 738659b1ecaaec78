"""The shop that does everything in any order, with people who have two cards: merged and unmerged all the time."""

from __future__ import annotations

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from loyalty import binding, ledger, merging
from loyalty.models import Account, Card, CardSettings, Sale
from merchants.models import Program
from tests.loyalty.test_machine import LONG, SHORT
from tests.loyalty.till_machine import TillMachine, anyone


class MergeMachine(TillMachine):
    @rule(who=anyone, other=st.integers(1, 2))
    @precondition(lambda self: len(self.accounts) - len(self.merged) > 1)
    def merge_when_nothing_is_held(self, who: int, other: int) -> None:
        self._close_holds()
        self.merge_two(who, who + other)

    @rule(who=anyone)
    @precondition(lambda self: self.merged)
    def unmerge_when_nothing_is_held(self, who: int) -> None:
        self._close_holds()
        self.unmerge_two(who)

    @rule(who=anyone)
    @precondition(lambda self: self.merged)
    def look_before_unmerging(self, who: int) -> None:
        row = list(self.merged.values())[who % len(self.merged)]
        with self._refusals():
            told = merging.foresee_unmerge(merge=row, now=self.story.now)
            assert told.back >= 0
            assert 0 <= told.debt_back <= told.debt_moved
            assert told.back == 0 or told.debt_back == 0

    @rule(who=anyone, card=st.integers(1, 3), proven=st.booleans())
    def bind(self, who: int, card: int, proven: bool) -> None:
        """One of three plastic cards: free, his own, or somebody else's by now."""
        program = Program.objects.get(pk=self.story.program_id)
        CardSettings.objects.get_or_create(program=program, defaults={"any_number": True})
        account, number = self._who(who), f"5500000{card}"
        with self._refusals():
            bound = binding.bind(account=account, number=number, now=self.story.now, by="test", proven=proven)
            assert (bound.account_id, bound.kind) == (account.pk, Card.Kind.PLASTIC)
            self.seen["bound"] += 1

    @invariant()
    def cards_find_the_living(self) -> None:
        statuses = Card.objects.filter(kind=Card.Kind.PLASTIC).values_list("account__status", flat=True)
        assert not set(statuses) & {Account.Status.MERGED, Account.Status.REMOVED}

    def _close_holds(self) -> None:
        for sale in Sale.objects.filter(status="held", hold_until__gt=self.story.now, account__isnull=False):
            for account in self.accounts:
                if account.pk == sale.account_id:
                    kept = sale.reservations.filter(lot__expires_at__lte=self.story.now, until__gt=self.story.now)
                    self.balances[account.pk] -= sum(kept.values_list("points", flat=True))
            ledger.call("SELECT loyalty_end_hold(%s)", [sale.pk])


@pytest.mark.django_db(transaction=True)
def test_two_cards_in_any_order() -> None:
    run_state_machine_as_test(MergeMachine, settings=settings(SHORT, max_examples=15, stateful_step_count=25))


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(4))
def test_four_hundred_shops(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    machine = seed(number)(MergeMachine)
    run_state_machine_as_test(machine, settings=LONG)
    with capsys.disabled():
        print(f"\npart {number}: {dict(MergeMachine.seen.most_common())}")
