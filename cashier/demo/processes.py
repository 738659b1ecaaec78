"""Several processes that load shares in turn.

Spawned, not forked: a forked child would share this one's database connection. A new process imports this module
before Django is set up there, so nothing here may import a model at the top.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from typing import TYPE_CHECKING

import django

from cashier.demo.shares import Plan, Share

if TYPE_CHECKING:
    from cashier.demo.loading import Loader

_loader: Loader | None = None


def load(plan: Plan, processes: int) -> Iterator[int]:
    """The number of receipts of each share, when it is in the database."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _begin, (plan,)) as pool:
        yield from pool.imap_unordered(_load, plan.shares())


def _begin(plan: Plan) -> None:
    global _loader  # noqa: PLW0603  # the pool has no other place for what a process keeps
    django.setup()
    from cashier.demo.loading import Loader  # noqa: PLC0415  # models can be imported only now

    _loader = Loader(plan)


def _load(share: Share) -> int:
    if _loader is None:
        raise RuntimeError("the process was not set up")
    return _loader.load(share)
