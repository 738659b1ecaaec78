"""The demo year, lived again under its own rules, ends where its books do, to the point."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import msgspec
import pytest

from cashier.demo.making import make
from loyalty.backtest import running
from loyalty.backtest.running import Plan
from loyalty.models import Account, ProgramVersion
from merchants.access import tenant
from tests.loyalty.test_backtest import KINDS, as_it_was, moved

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_the_demo_year_is_what_happened() -> None:
    opened, plan = make(
        clients=60, receipts=1500, seed=3, until=dt.date(2026, 11, 20), now=NOW, progress=lambda _done: None
    )
    program_id = opened.premises.program_id
    with tenant(program_id):
        side = as_it_was(program_id, plan.end)
        accounts = Account.objects.filter(program_id=program_id)
        assert {key: (one.state.points, one.state.debt, one.state.tier) for key, one in side.people.items()} == {
            row.pk: (row.points, row.debt, row.tier) for row in accounts
        }
        happened = moved(program_id, dt.datetime(2000, 1, 1, tzinfo=dt.UTC), plan.end + dt.timedelta(seconds=1))
        assert {kind: getattr(side.totals.sums, kind) for kind in KINDS} == {kind: happened[kind] for kind in KINDS}
        assert side.totals.sums.expire < 0
        _since_the_second_version(program_id, plan.end)


def _since_the_second_version(program_id: int, end: dt.datetime) -> None:
    """The version in force as a draft, over the days since it was published."""
    version = ProgramVersion.objects.filter(program_id=program_id).latest("number")
    assert version.number == 2
    draft = msgspec.json.encode(version.document)
    since = version.published_at
    found = running.run(Plan(program_id, draft, version.number, since, end))
    happened = moved(program_id, since, end + dt.timedelta(seconds=1))
    for side in ("live", "draft"):
        assert {kind: D(found[side]["sums"][kind]) for kind in KINDS} == {kind: happened[kind] for kind in KINDS}
    assert found["draft"] == found["live"]
