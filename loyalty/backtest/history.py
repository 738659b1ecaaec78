"""A programme's own past as events, in the order in which it was written into the books.

Receipts are read by local days, each with its lines and its returns; what happened later than the days that have been
read waits. Memory holds two days of receipts and the returns to come, however long the past is.

Receipts of the system before this one (`PastReceipt`) stand among them at the time of their purchase. Nobody knows what
was spent on them: clients pay with as many points as the rules allow.
"""

from __future__ import annotations

import datetime as dt
import heapq
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from loyalty.backtest.events import Back, ByHand, Commit, Event, Joined, Receipt, Status
from loyalty.backtest.streaming import rows_of, stream
from loyalty.engine.bill import CodeUse
from loyalty.engine.calendar import Calendar
from loyalty.engine.cart import IdentifiedBy, Line, PersonalCoupon
from loyalty.engine.conditions.receipt import WithCode
from loyalty.engine.effects import Welcome
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.goods.marking import NO_DISCOUNT, NO_EARN, NO_REDEEM, SELLS_CERTIFICATE
from loyalty.models import ProgramVersion
from loyalty.programs import rulebook_of

# A till's clock may be ahead, and a shop may have moved its day's beginning.
_MARGIN: Final = dt.timedelta(hours=26)
_FEW, _MANY, _LONGEST = 2_000, 8_000, 62
_REMEMBERED: Final = 50_000
# Booked without points, whatever the rules of the day said.
_EARNED_NOTHING: Final = frozenset({"too_old", "before_first_version"})

_SALES = """
    SELECT json_build_array(
               s.id, s.created_at, s.occurred_at, s.local_day, s.account_id, s.version, o.code, s.channel,
               s.identified_by, s.points_redeemed, s.total - s.discount, s.flags,
               CASE WHEN s.version = ANY (%(coded)s) THEN s.explanation ELSE '[]' END,
               CASE WHEN s.hold_until IS NULL OR s.account_id IS NULL THEN NULL ELSE coalesce(
                   (SELECT max(e.created_at) FROM loyalty_entry e
                     WHERE e.program_id = %(program)s AND e.sale_id = s.id AND e.given_back_id IS NULL),
                   s.created_at) END,
               s.status = 'voided', lines.found, coalesce(returns.found, '[]'),
               CASE WHEN s.consequences->'coupons_used' IS NULL THEN '[]' ELSE coalesce((
                   SELECT json_agg(json_build_object(
                              'code', c.code, 'rule', c.rule, 'title', c.title, 'percent', c.percent,
                              'amount', c.amount, 'minimum', c.minimum))
                     FROM loyalty_personalcoupon c
                    WHERE c.program_id = %(program)s
                      AND c.code IN (SELECT jsonb_array_elements_text(s.consequences->'coupons_used'))
                   ), '[]') END,
               coalesce(s.consequences->'codes', '[]'))::text
      FROM loyalty_sale s
      JOIN merchants_outlet o ON o.id = s.outlet_id
     CROSS JOIN LATERAL (
           SELECT coalesce(json_agg(
                      json_build_array(l.quantity, l.price, l.amount, l.sku, l.category, l.brand, l.marks, l.min_price)
                      ORDER BY l.position
                  ), '[]') AS found
             FROM loyalty_saleline l WHERE l.program_id = %(program)s AND l.sale_id = s.id) lines
     CROSS JOIN LATERAL (
           SELECT json_agg(json_build_array(
                      r.id, r.created_at,
                      (SELECT json_agg(json_build_array(l.position, b.quantity, b.value) ORDER BY l.position)
                         FROM loyalty_returnline b JOIN loyalty_saleline l ON l.id = b.line_id
                        WHERE b.program_id = %(program)s AND b.given_back_id = r.id),
                      CASE WHEN s.status = 'voided' THEN (
                          SELECT json_build_array(min(x.occurred_at), max(x.occurred_at)) FROM loyalty_sale x
                           WHERE x.program_id = %(program)s AND x.account_id = s.account_id AND x.id <> s.id
                             AND x.created_at <= r.created_at
                             AND (x.status = 'committed' OR x.status = 'voided' AND r.created_at < (
                                     SELECT max(y.created_at) FROM loyalty_return y
                                      WHERE y.program_id = %(program)s AND y.sale_id = x.id))) END)
                      ORDER BY r.id) AS found
             FROM loyalty_return r WHERE r.program_id = %(program)s AND r.sale_id = s.id) returns
     WHERE s.program_id = %(program)s AND s.local_day BETWEEN %(first)s AND %(last)s
       AND s.status IN ('committed', 'voided')
       AND coalesce(s.account_id, s.id) %% %(shards)s = %(shard)s
"""
_PAST = """
    SELECT p.occurred_at, p.id, p.local_day, p.account_id, o.code, (
           SELECT json_agg(json_build_array(l.quantity, l.price, l.amount, l.sku, l.category, l.brand, 0, 0)
                           ORDER BY l.position)
             FROM loyalty_pastreceiptline l WHERE l.program_id = %(program)s AND l.receipt_id = p.id)::text
      FROM loyalty_pastreceipt p
      JOIN merchants_outlet o ON o.id = p.outlet_id
     WHERE p.program_id = %(program)s AND p.occurred_at < %(until)s
       AND coalesce(p.account_id, p.id) %% %(shards)s = %(shard)s
     ORDER BY p.occurred_at, p.id
"""
# Whoever bought before he was written down here came then.
_JOINED = """
    SELECT least(a.created_at, p.first) AS at, a.id, a.birthday, a.tags, a.referrer_id,
           a.birthday_year_known
      FROM loyalty_account a
      LEFT JOIN (SELECT account_id, min(occurred_at) AS first FROM loyalty_pastreceipt
                  WHERE program_id = %(program)s AND account_id IS NOT NULL GROUP BY account_id) p
        ON p.account_id = a.id
     WHERE a.program_id = %(program)s AND a.id %% %(shards)s = %(shard)s ORDER BY at, a.id
"""
_BY_HAND = """
    SELECT e.created_at, e.account_id, e.id, e.kind, e.points, e.rule, l.rule, l.available_at, l.expires_at
      FROM loyalty_entry e
      LEFT JOIN loyalty_lot l ON e.points > 0 AND l.id = e.lots[1]
     WHERE e.program_id = %(program)s AND e.sale_id IS NULL AND e.given_back_id IS NULL
       AND e.kind IN ('opening', 'adjust', 'earn', 'redeem', 'reinstate')
       AND NOT (e.kind = 'earn' AND e.rule = ANY (%(welcomes)s))
       AND NOT (e.kind = 'opening' AND EXISTS (
               SELECT FROM loyalty_pastreceipt p WHERE p.program_id = %(program)s AND p.account_id = e.account_id
                  AND p.occurred_at >= %(since)s))
       AND e.account_id %% %(shards)s = %(shard)s ORDER BY e.created_at, e.id
"""
_SET = """
    SELECT r.at, r.object_id::bigint, r.id, r.action, r.details FROM merchants_auditrecord r
     WHERE r.program_id = %(program)s AND r.object_type = 'account'
       AND r.action IN ('account.tier_set', 'account.blocked', 'account.unblocked') ORDER BY r.at, r.id
"""


_first = itemgetter(0)


class _Row(Struct, array_like=True):
    id: int
    at: dt.datetime
    occurred_at: dt.datetime
    day: dt.date
    account: int | None
    version: int | None
    outlet: str
    channel: str
    identified_by: str
    points: Decimal
    value: Decimal
    flags: list[str]
    facts: list[_FactRow]
    committed_at: dt.datetime | None
    voided: bool
    lines: list[msgspec.Raw]
    returns: list[_ReturnRow]
    coupons: list[PersonalCoupon]
    promo: list[CodeUse]


class _FactRow(Struct):
    """What names the codes of a receipt: the rules that asked for one, and were content."""

    rule: str
    applied: bool = True


class _ReturnRow(Struct, array_like=True):
    id: int
    at: dt.datetime
    lines: list[tuple[int, Decimal, Decimal]] | None
    dates: tuple[dt.datetime | None, dt.datetime | None] | None


_row = msgspec.json.Decoder(_Row)
_line = msgspec.json.Decoder(tuple[Decimal, Decimal, Decimal, str, str, str, int, Decimal])
_lines = msgspec.json.Decoder(list[msgspec.Raw])
_IDENTIFIED: Final[dict[str, IdentifiedBy]] = {"phone": "phone", "code": "code", "id": "id"}


class History:
    """One programme, or one shard of its clients. Of clients whose past receipts are lived from `since` on the balances
    that they brought along are left out: they were earned by these receipts."""

    def __init__(
        self,
        program_id: int,
        calendar: Calendar,
        *,
        until: dt.datetime,
        since: dt.datetime | None = None,
        shard: int = 0,
        shards: int = 1,
    ) -> None:
        self.program_id, self.calendar, self.until = program_id, calendar, until
        self.since = until if since is None else since
        self._shard = {"program": program_id, "shard": shard, "shards": shards}
        self._lines: dict[bytes, Line] = {}
        self._codes: dict[int, dict[str, str]] = {}

    def count(self) -> int:
        """How many receipts there are to live through."""
        query = (
            "SELECT count(*) FROM loyalty_sale s WHERE s.program_id = %(program)s AND s.created_at < %(until)s"
            " AND s.status IN ('committed', 'voided') AND coalesce(s.account_id, s.id) %% %(shards)s = %(shard)s"
        )
        sold = int(rows_of(query, {**self._shard, "until": self.until})[0][0])
        return sold + self.count_past()

    def count_past(self, since: dt.datetime | None = None) -> int:
        """How many of them a file has brought, or of those from a moment on."""
        query = (
            "SELECT count(*) FROM loyalty_pastreceipt p WHERE p.program_id = %(program)s AND p.occurred_at < %(until)s"
            " AND p.occurred_at >= coalesce(%(since)s, '-infinity'::timestamptz)"
            " AND coalesce(p.account_id, p.id) %% %(shards)s = %(shard)s"
        )
        return int(rows_of(query, {**self._shard, "until": self.until, "since": since})[0][0])

    def events(self, welcomes: Iterable[str]) -> Iterator[Event]:
        """Everything before `until`, in order. Welcome points are left out: rules give their own."""
        joins = (
            Joined(at, key, born, tuple(tags), above, year_known)
            for at, key, born, tags, above, year_known in self._stream(_JOINED)
        )
        others = heapq.merge(
            *(joins, self._by_hand(welcomes), self._set_by_hand(), self._past(), self._receipts()),
            key=lambda event: event.order,
        )
        for event in others:
            if event.at < self.until:
                yield event

    # ------------------------------------------------------------ receipts

    def _receipts(self) -> Iterator[Event]:
        waiting: list[tuple[tuple[dt.datetime, int, int], Event]] = []
        for read_to, rows in self._by_days():
            waiting += [(event.order, event) for row in rows for event in self._happened(row)]
            waiting.sort(key=_first)
            ready = bisect_left(waiting, read_to, key=_moment)
            for _order, event in waiting[:ready]:
                yield event
            del waiting[:ready]
        for _order, event in waiting:
            yield event

    def _by_days(self) -> Iterator[tuple[dt.datetime, list[_Row]]]:
        span = rows_of(
            "SELECT min(local_day), max(local_day) FROM loyalty_sale WHERE program_id = %(program)s", self._shard
        )[0]
        first, last = span
        if first is None:
            return
        days, coded = 1, self._coded()
        last = min(last, self.calendar.day_of(self.until) + dt.timedelta(days=1))
        while first <= last:
            to = min(first + dt.timedelta(days=days - 1), last)
            found = rows_of(_SALES, {**self._shard, "first": first, "last": to, "coded": coded})
            yield self.calendar.start_of(to) - _MARGIN, [_row.decode(text) for (text,) in found]
            first = to + dt.timedelta(days=1)
            days = min(days * 2, _LONGEST) if len(found) < _FEW else max(days // 2, 1) if len(found) > _MANY else days

    def _happened(self, row: _Row) -> Iterator[Event]:
        lines = tuple(self._line_of(raw) for raw in row.lines)
        flags = set(row.flags)
        if flags & _EARNED_NOTHING:
            lines = tuple(structs.replace(line, earn=False) for line in lines)
        held = row.committed_at is not None and row.committed_at > row.at
        yield Receipt(
            at=row.at,
            id=row.id,
            occurred_at=row.occurred_at,
            day=row.day,
            account=row.account,
            lines=lines,
            points=row.points,
            version=row.version or 0,
            outlet=row.outlet,
            channel=row.channel,
            identified_by=_IDENTIFIED.get(row.identified_by, "card"),
            codes=self._codes_of(row),
            coupons=tuple(row.coupons),
            # As they were used: how often others used codes of the batch is not lived again.
            promo=tuple(structs.replace(used.code, uses=None) for used in row.promo),
            given="points_over_limit" in flags and row.points > 0,
            returns=len(row.returns),
            value=row.value,
            committed_at=row.committed_at if held else None,
        )
        if held and row.committed_at is not None:
            yield Commit(row.committed_at, row.id)
        sold_at = row.committed_at if held and row.committed_at else row.at
        for n, back in enumerate(row.returns, 1):
            whole = row.voided and n == len(row.returns)
            dates = (back.dates if whole else None) or (None, None)
            yield Back(back.at, back.id, row.id, sold_at, back.lines or [], whole, dates)

    def _line_of(self, raw: msgspec.Raw) -> Line:
        """A shop sells the same things again and again."""
        key = bytes(raw)
        known = self._lines.get(key)
        if known is None:
            if len(self._lines) >= _REMEMBERED:
                self._lines.clear()
            quantity, price, amount, sku, category, brand, marks, min_price = _line.decode(key)
            known = self._lines[key] = Line(
                quantity,
                price,
                amount,
                sku,
                category=category,
                brand=brand,
                min_price=min_price,
                earn=not marks & NO_EARN,
                redeem=not marks & NO_REDEEM,
                discount=not marks & NO_DISCOUNT,
                sells_certificate=bool(marks & SELLS_CERTIFICATE),
            )
        return known

    def _past(self) -> Iterator[Event]:
        for at, key, day, account, outlet, found in self._stream(_PAST, until=self.until):
            yield Receipt(
                at=at,
                # Sales have the other numbers.
                id=-key,
                occurred_at=at,
                day=day,
                account=account,
                lines=tuple(self._line_of(raw) for raw in _lines.decode(found)),
                points=ZERO,
                outlet=outlet,
                most=account is not None,
            )

    def _coded(self) -> list[int]:
        """The versions with promo codes: of the receipts of others the reasons need not be read."""
        numbers = ProgramVersion.objects.filter(program_id=self.program_id).values_list("number", flat=True)
        return [number for number in numbers if _codes(rulebook_of(self.program_id, number))]

    def _codes_of(self, row: _Row) -> tuple[str, ...]:
        """The promo codes that did something: a receipt keeps the rules that they were for."""
        if not row.version:
            return ()
        codes = self._codes.get(row.version)
        if codes is None:
            codes = self._codes[row.version] = _codes(rulebook_of(self.program_id, row.version))
        if not codes:
            return ()
        return tuple(sorted({codes[fact.rule] for fact in row.facts if fact.applied and fact.rule in codes}))

    # ------------------------------------------------------------ the rest

    def _by_hand(self, welcomes: Iterable[str]) -> Iterator[ByHand]:
        for at, account, entry, kind, points, rule, lot_rule, available_at, expires_at in self._stream(
            _BY_HAND, welcomes=sorted(welcomes), since=self.since
        ):
            undoes = None
            if points < ZERO and rule.startswith("undo:"):
                undoes = int(rule.removeprefix("undo:"))
            yield ByHand(at, account, entry, kind, points, rule, lot_rule or "", available_at, expires_at, undoes)

    def _set_by_hand(self) -> Iterator[Status]:
        for at, account, number, action, details in self._stream(_SET):
            if action != "account.tier_set":
                yield Status(at, account, number, active=action == "account.unblocked")
                continue
            said = msgspec.json.decode(details) if isinstance(details, str) else details
            until = dt.datetime.fromisoformat(said["until"]) if said.get("until") else None
            yield Status(at, account, number, tier=said.get("after", ""), until=until)

    def _stream(self, query: str, **more: Any) -> Iterator[Any]:
        return stream(query, {**self._shard, **more})


def _moment(waiting: tuple[tuple[dt.datetime, int, int], Event]) -> dt.datetime:
    return waiting[0][0]


def welcomes_of(program_id: int) -> set[str]:
    """The ids of rules that ever gave points on joining."""
    found = set()
    for number in ProgramVersion.objects.filter(program_id=program_id).values_list("number", flat=True):
        rulebook = rulebook_of(program_id, number)
        found |= {rule.id for rule in rulebook.rules if isinstance(rule.effect, Welcome)}
    return found


def _codes(rulebook: Rulebook) -> dict[str, str]:
    return {rule.id: each.code for rule in rulebook.rules for each in rule.when if isinstance(each, WithCode)}
