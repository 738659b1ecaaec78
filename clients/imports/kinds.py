"""What may be in a file: clients, or past receipts. The way of both is one (`jobs`, `working`); what is read of them
and what is done with it is each one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from msgspec import Struct

from clients.imports import applying, checking, counting, staging, undoing
from clients.imports.applying import last_row
from clients.imports.columns import CLIENTS, Vocabulary
from clients.imports.keeper import Keeper
from clients.imports.receipts import work as receipts
from clients.imports.receipts.columns import RECEIPTS
from clients.imports.staging import Span
from clients.models import ClientImport

State = ClientImport.State


class Done(Struct, frozen=True):
    """What a piece of work found or did: the figures as they are kept, and of them what the log says. After a dry run
    `lines` is how much there is to load."""

    counts: Any
    logged: Mapping[str, Any]
    lines: int = 0


class Kind(Protocol):
    words: Vocabulary
    # Its acts in the log begin with it.
    acts: str

    def check(self, one: ClientImport, keeper: Keeper) -> Done: ...
    def load(self, one: ClientImport, keeper: Keeper) -> Done: ...
    def take_back(self, one: ClientImport, keeper: Keeper) -> Done: ...
    def before_undoing(self, one: ClientImport) -> tuple[Any, int]:
        """The figures with which taking back begins, and the last row of it."""
        ...


class _Clients:
    words, acts = CLIENTS, "client_import"

    def check(self, one: ClientImport, keeper: Keeper) -> Done:
        found = checking.check(one, keeper)
        halves = 2 if "referrer" in one.columns else 1
        return Done(counting.packed(counting.after_check(found)), {}, one.mark * halves)

    def load(self, one: ClientImport, keeper: Keeper) -> Done:
        applying.apply(one, keeper)
        counts = counting.after_loading(one)
        return Done(counting.packed(counts), counting.in_the_log(counts, State.DONE))

    def take_back(self, one: ClientImport, keeper: Keeper) -> Done:
        undoing.take_back(one, keeper)
        counts = counting.after_undoing(one)
        return Done(counting.packed(counts), counting.in_the_log(counts, State.UNDONE))

    def before_undoing(self, one: ClientImport) -> tuple[Any, int]:
        counts = counting.told(one)
        counts.loaded_to = min(one.mark, last_row(one))
        if one.state == State.STOPPED:
            counts.found = staging.counted(Span.of(one, 0, counts.loaded_to))
        return counting.packed(counts), counts.loaded_to


class _Receipts:
    words, acts = RECEIPTS, "receipt_import"

    def check(self, one: ClientImport, keeper: Keeper) -> Done:
        return Done(receipts.packed(receipts.check(one, keeper)), {}, one.mark)

    def load(self, one: ClientImport, keeper: Keeper) -> Done:
        return self._done(receipts.load(one, keeper), State.DONE)

    def take_back(self, one: ClientImport, keeper: Keeper) -> Done:
        return self._done(receipts.take_back(one, keeper), State.UNDONE)

    def before_undoing(self, one: ClientImport) -> tuple[Any, int]:
        counts = receipts.before_undoing(one)
        return receipts.packed(counts), counts.loaded_to

    def _done(self, counts: receipts.Told, state: str) -> Done:
        return Done(receipts.packed(counts), receipts.in_the_log(counts, state))


_KINDS: Final[Mapping[str, Kind]] = {
    ClientImport.Kind.CLIENTS: _Clients(),
    ClientImport.Kind.RECEIPTS: _Receipts(),
}


def kind_of(one: ClientImport) -> Kind:
    return _KINDS[one.kind]


def kind_named(name: str) -> Kind:
    return _KINDS[name]


def forget(one: ClientImport) -> None:
    """The lines of a file, whatever it held."""
    staging.forget(Span.of(one))
    receipts.forget(Span.of(one))
