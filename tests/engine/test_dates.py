"""When days begin and end, and the dates of lots."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.engine.calendar import Calendar
from loyalty.engine.earning import lot_dates
from tests.engine.said import rules


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "starts", "at", "day"),
    [
        ("Europe/Moscow", "00:00", "2026-11-20 20:59:59", "2026-11-20"),
        ("Europe/Moscow", "00:00", "2026-11-20 21:00:00", "2026-11-21"),
        # A bar's day begins at five in the morning.
        ("Europe/Moscow", "05:00", "2026-11-21 01:59:59", "2026-11-20"),
        ("Europe/Moscow", "05:00", "2026-11-21 02:00:00", "2026-11-21"),
        ("Asia/Vladivostok", "00:00", "2026-11-20 14:00:00", "2026-11-21"),
        ("America/New_York", "00:00", "2026-11-21 04:59:59", "2026-11-20"),
        ("UTC", "00:00", "2026-12-31 23:59:59.999999", "2026-12-31"),
        # The clocks of Berlin go from two to three, and half past two is the beginning of this shop's day.
        ("Europe/Berlin", "02:30", "2026-03-29 00:59:59", "2026-03-28"),
        ("Europe/Berlin", "02:30", "2026-03-29 01:30:00", "2026-03-29"),
        # In autumn half past two comes twice; the day begins once.
        ("Europe/Berlin", "02:30", "2026-10-25 00:29:59", "2026-10-24"),
        ("Europe/Berlin", "02:30", "2026-10-25 00:30:00", "2026-10-25"),
        ("Europe/Berlin", "02:30", "2026-10-25 01:15:00", "2026-10-25"),
    ],
)
def test_the_local_day(zone: str, starts: str, at: str, day: str) -> None:
    calendar = Calendar(zone, dt.time.fromisoformat(starts))
    assert calendar.day_of(utc(at)) == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    ("zone", "starts", "day", "start", "hours"),
    [
        ("Europe/Moscow", "00:00", "2026-11-21", "2026-11-20 21:00", 24),
        ("Europe/Moscow", "05:00", "2026-11-21", "2026-11-21 02:00", 24),
        ("Europe/Berlin", "00:00", "2026-03-29", "2026-03-28 23:00", 23),
        ("Europe/Berlin", "00:00", "2026-10-25", "2026-10-24 22:00", 25),
        ("Europe/Berlin", "05:00", "2026-03-28", "2026-03-28 04:00", 23),
        # Cairo's clocks go forward at midnight: that day begins at one.
        ("Africa/Cairo", "00:00", "2026-04-24", "2026-04-23 22:00", 23),
    ],
)
def test_a_day_may_have_23_or_25_hours(zone: str, starts: str, day: str, start: str, hours: int) -> None:
    calendar = Calendar(zone, dt.time.fromisoformat(starts))
    date = dt.date.fromisoformat(day)
    assert calendar.start_of(date) == utc(start)
    assert calendar.end_of(date) - calendar.start_of(date) == dt.timedelta(hours=hours)


zones = st.sampled_from(
    [
        "Europe/Moscow",
        "Europe/Berlin",
        "America/New_York",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "UTC",
    ]
)
first, last = dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1)  # noqa: DTZ001  # hypothesis adds the zone
moments = st.datetimes(first, last, timezones=st.just(dt.UTC))


@given(zones, st.times(), moments)
def test_every_moment_is_in_exactly_its_day(zone: str, starts: dt.time, at: dt.datetime) -> None:
    calendar = Calendar(zone, starts.replace(second=0, microsecond=0))
    day = calendar.day_of(at)
    assert calendar.start_of(day) <= at < calendar.end_of(day)


@given(zones, st.sampled_from(["00:00", "02:30", "05:00"]), st.integers(0, 3000))
def test_around_the_change_of_clocks(zone: str, starts: str, minutes: int) -> None:
    calendar = Calendar(zone, dt.time.fromisoformat(starts))
    for day in (dt.date(2026, 3, 28), dt.date(2026, 10, 24), dt.date(2026, 10, 31), dt.date(2026, 4, 4)):
        at = dt.datetime.combine(day, dt.time(12), zoneinfo.ZoneInfo("UTC")) + dt.timedelta(minutes=minutes - 1500)
        found = calendar.day_of(at)
        assert calendar.start_of(found) <= at < calendar.end_of(found)


@pytest.mark.parametrize(
    ("points", "available", "expires"),
    [
        ({}, "2026-11-21 09:00", None),
        ({"expiry": {"kind": "days", "days": 1}}, "2026-11-21 09:00", "2026-11-22 21:00"),
        ({"expiry": {"kind": "days", "days": 90}}, "2026-11-21 09:00", "2027-02-19 21:00"),
        ({"expiry": {"kind": "date", "date": "2026-12-31"}}, "2026-11-21 09:00", "2026-12-31 21:00"),
        # Pending until the start of local day N; expiry counts from there.
        ({"pending_days": 14}, "2026-12-04 21:00", None),
        ({"pending_days": 1, "expiry": {"kind": "days", "days": 1}}, "2026-11-21 21:00", "2026-11-23 21:00"),
    ],
)
def test_dates_of_a_lot(points: dict[str, Any], available: str, expires: str | None) -> None:
    dates = lot_dates(rules(points=points), utc("2026-11-21 09:00"))
    assert dates == (utc(available), None if expires is None else utc(expires))


def test_a_bar_counts_from_the_evening_before() -> None:
    bar = rules(
        program={"day_starts_at": "05:00:00"}, points={"pending_days": 1, "expiry": {"kind": "days", "days": 1}}
    )
    # Half past four in the morning of the 21st is the 20th.
    assert lot_dates(bar, utc("2026-11-21 01:30")) == (utc("2026-11-21 02:00"), utc("2026-11-23 02:00"))


@given(zones, moments, st.integers(0, 30), st.integers(1, 400))
def test_a_lot_lives_at_least_its_days(zone: str, at: dt.datetime, pending: int, days: int) -> None:
    rulebook = rules(
        program={"time_zone": zone}, points={"pending_days": pending, "expiry": {"kind": "days", "days": days}}
    )
    available, expires = lot_dates(rulebook, at)
    assert expires is not None
    assert at <= available < expires if pending == 0 else at < available < expires
    # An hour less where the clocks go forward, and up to a day more.
    assert dt.timedelta(days=days, hours=-2) <= expires - available <= dt.timedelta(days=days + 1, hours=2)
