"""The crowd's accounts while their year goes by: joining, postings, and what is left at the end."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from cashier.demo.crowd import Person
from cashier.demo.names import card_number, phone
from cashier.demo.pricing import Published
from cashier.demo.rows import NULL, Rows, array, random_id
from clients.models import Client, Consent
from loyalty.engine.books import Books, OpenLot, Posting
from loyalty.engine.earning import lot_dates
from loyalty.engine.effects import Welcome
from loyalty.engine.quantities import ZERO
from loyalty.ledger import AccountState, books_of, new_account
from loyalty.models import Account, Card, Entry, Lot

_CONSENT_TEXT = "2024-09"


class KeptLot(Struct):
    """A lot's row in the making: what is left of it is known at the end."""

    lot: OpenLot
    before: str
    rule: str
    after: str


class Accounts:
    """Books of many accounts, moved by `loyalty.engine.books` and turned into rows."""

    def __init__(self, rows: Rows, rng: random.Random, program_id: int, merchant_id: int) -> None:
        self.rows, self.rng = rows, rng
        self.program_id, self.merchant_id = program_id, merchant_id
        self.states: list[AccountState] = []
        self.joined: list[dt.datetime] = []
        self.lots: dict[int, KeptLot] = {}
        # Lots of a day have the same dates, and writing a date out takes longer than to find it again.
        self._written: dict[dt.datetime | None, str] = {None: NULL}

    def join(self, person: Person, rules: Published, actor: str) -> AccountState:
        """What `clients.enrolment.enrol` does."""
        at = dt.datetime.fromtimestamp(person.joins, dt.UTC)
        state = new_account(
            self.rows.key(Account),
            rules.rulebook,
            at,
            public_id=uuid.UUID(random_id(self.rng)),
            merchant_id=self.merchant_id,
            birthday=person.birthday,
        )
        self.states.append(state)
        self.joined.append(at)
        self._introduce(person, state, at, actor)
        books = books_of(state, at)
        available_at, expires_at = lot_dates(rules.rulebook, at)
        for rule, effect in rules.rulebook.rules_that(Welcome):
            books.credit("earn", effect.points, rule=rule.id, available_at=available_at, expires_at=expires_at)
        self.post(state, books, when=str(at), actor=actor)
        return state

    def _introduce(self, person: Person, state: AccountState, at: dt.datetime, actor: str) -> None:
        rows, program = self.rows, self.program_id
        for kind, number in ((Card.Kind.PHONE, phone(person.n)), (Card.Kind.VIRTUAL, card_number(person.n))):
            rows.add(Card, rows.key(Card), program, state.id, kind.value, number, "active", at)
        client = rows.key(Client)
        rows.add(Client, client, program, state.id, person.name, phone(person.n), "", person.birthday, "", 1, at)
        consents = (
            (Consent.Kind.PROCESSING, True),
            (Consent.Kind.ADVERTISING, person.advertising),
            (Consent.Kind.PARTNERS, person.partners),
        )
        for kind_, given in consents:
            rows.add(Consent, rows.key(Consent), program, client, kind_.value, given, at, actor, _CONSENT_TEXT)

    def post(
        self,
        state: AccountState,
        books: Books,
        *,
        when: str,
        actor: str,
        sale: int | None = None,
        given_back: int | None = None,
    ) -> None:
        """What `loyalty_post` does: new lots, entries, the balance."""
        rows, program = self.rows, self.program_id
        entries = rows.of[Entry]
        origin = f"{sale or NULL}\t{given_back or NULL}\t{when}\t{when}\t{actor}"
        living = [lot for lot in books.lots if lot.rest]
        for posting in books.postings:
            lots: Sequence[int] = posting.lots
            parts: Sequence[Decimal] = posting.parts
            if posting.new_lot is not None:
                lot = self._new_lot(state, posting, when, sale)
                lots, parts = (lot.id,), (posting.new_lot.rest,)
                if lot.rest:
                    living.append(lot)
            # What had expired, the sweep of that night has found.
            about = f"{NULL}\t{NULL}\t{posting.at}\t{posting.at}\tsweep" if posting.kind == "expire" else origin
            entries.append(
                f"{rows.key(Entry)}\t{program}\t{state.id}\t{posting.kind}\t{posting.points}\t{posting.balance_after}\t"
                f"{{{','.join(map(str, lots))}}}\t{{{','.join(map(str, parts))}}}\t{posting.rule}\t{about}\t"
            )
        state.lots, state.points, state.debt = living, books.points, books.debt

    def _new_lot(self, state: AccountState, posting: Posting, when: str, sale: int | None) -> OpenLot:
        new = posting.new_lot
        assert new is not None  # noqa: S101  # the caller has looked
        ends = new.expires_at
        lot = OpenLot(self.rows.key(Lot), new.rest, ZERO, new.available_at, ends, sale, ends)
        before = f"{lot.id}\t{self.program_id}\t{state.id}\t{self.merchant_id}\t{sale or NULL}\t{new.origin or NULL}"
        after = f"{self._written_out(new.available_at)}\t{self._written_out(new.expires_at)}\t{when}"
        self.lots[lot.id] = KeptLot(lot, f"{before}\t{new.rule}\t{new.amount}", new.rule, after)
        return lot

    def _written_out(self, at: dt.datetime | None) -> str:
        known = self._written.get(at)
        if known is None:
            known = self._written[at] = str(at)
        return known

    def close(self, end: dt.datetime) -> None:
        """The last sweep; then accounts and lots are written as they have become."""
        rows, program = self.rows, self.program_id
        for state, joined in zip(self.states, self.joined, strict=True):
            self.post(state, books_of(state, end), when=str(end), actor="sweep")
            rows.add(
                Account,
                state.id,
                program,
                state.merchant_id,
                state.public_id,
                state.status,
                "",
                state.points,
                state.debt,
                state.tier,
                "",
                array(state.tier_gifts),
                state.spent,
                state.visits,
                state.purchases,
                state.first_purchase_at,
                state.last_purchase_at,
                state.birthday,
                "{}",
                joined,
            )
        rows.of[Lot] += [f"{kept.before}\t{kept.lot.rest}\t{kept.after}" for kept in self.lots.values()]
