"""A shop with promo codes that does everything in any order, audited after every step."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from loyalty import sales
from loyalty.engine.cart import Line
from loyalty.models import PromoCode, PromoCodeUse
from loyalty.promo import making
from loyalty.promo.terms import Terms
from tests.loyalty.shop import D
from tests.loyalty.test_machine import SHORT
from tests.loyalty.till_machine import TillMachine, prices

# Two that are good once; points for a client, twice; a discount, three times in all.
BATCHES = [
    Terms(name="Один раз", kind="unique", gives="percent", percent=D(10), size=2, length=8),
    Terms(name="Баллы", kind="shared", word="БАЛЛЫ", gives="points", points=D(50), per_client=2),
    Terms(name="Сумма", kind="shared", word="СУММА", gives="sum", amount=D(20), total_limit=3, stacks=True),
]


class PromoMachine(TillMachine):
    seen: ClassVar[Counter[str]] = Counter()

    @rule(who=st.integers(-1, 7), lines=prices, named=st.sets(st.integers(0, 3), min_size=1), held=st.booleans())
    def sell_with_codes(self, who: int, lines: list[Line], named: set[int], held: bool) -> None:
        codes = self._codes()
        account = None if who < 0 else self._who(who)
        request = self.story.request(account, *lines, codes=[codes[n] for n in named])
        until = self.story.now + dt.timedelta(minutes=20)
        self._sell(request, (lambda **given: sales.hold(until=until, **given)) if held else sales.sell)
        self.seen["codes used"] += PromoCodeUse.objects.count()

    def _codes(self) -> list[str]:
        found = PromoCode.objects.order_by("pk").values_list("code", flat=True)
        if not found:
            for terms in BATCHES:
                making.order_batch(merchant=self.story.shop.merchant, terms=terms, now=self.story.now, by="test")
        return list(found.all())


@pytest.mark.django_db(transaction=True)
def test_a_shop_with_codes_in_any_order() -> None:
    run_state_machine_as_test(PromoMachine, settings=SHORT)
    assert PromoMachine.seen["codes used"]
