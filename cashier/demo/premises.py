"""Where the year takes place, as plain values: another process can be handed them."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct


class Register(Struct, frozen=True):
    """A till. Its cashiers take turns, a day each."""

    id: int
    cashiers: tuple[str, ...]


class Place(Struct, frozen=True):
    id: int
    code: str
    registers: tuple[Register, ...]


class Premises(Struct, frozen=True):
    """`versions` are the numbers of the published rules, each with the moment from which it holds."""

    program_id: int
    merchant_id: int
    outlets: tuple[Place, ...]
    versions: tuple[tuple[int, dt.datetime], ...]
