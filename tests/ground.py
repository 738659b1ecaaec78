"""What tests begin with, made once for the tests of a module that follow each other.

It is written in a transaction around theirs, which stays open, so that each test's own rollback brings it back. A test
gets copies of the rows, as `setUpTestData` does it, and finds nothing that the process remembers of an earlier test.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection, connections, transaction

from loyalty import programs
from loyalty.wording import forget_words
from merchants.authentication import key_cache


class Ground:
    def __init__(self) -> None:
        self.key: object = None
        self.made: Any = None
        self.transaction: Any = None
        self.copy: Any = None
        self.connection: Any = None

    def lay(self, key: object, make: Callable[[], Any]) -> None:
        """Before the test's own transaction begins."""
        if self.key != key or self.connection is not connections["default"] or not connection.in_atomic_block:
            self.clear()
            self.connection = connections["default"]
            self.transaction = transaction.atomic()
            self.transaction._from_testcase = True  # services ask for the outermost transaction
            self.transaction.__enter__()
            self.key, self.made = key, make()
            connection.check_constraints()  # once, instead of at the end of each test
        forget()
        self.copy = copy.deepcopy(self.made)

    def clear(self) -> None:
        """Before a test that commits, or begins with something else.

        As soon as a browser is there its event loop runs, and Django has another connection for this thread: the one
        that the ground lies in would wait for ever, and everybody who empties its tables with it.
        """
        if self.transaction is not None:
            if self.connection is not connections["default"]:
                self.connection.close()
                self.connection.in_atomic_block = self.connection.closed_in_transaction = False
            elif connection.in_atomic_block:
                transaction.set_rollback(True)
                with suppress(DatabaseError):  # an interrupted test has closed the connection
                    self.transaction.__exit__(None, None, None)
        self.key = self.made = self.transaction = self.copy = self.connection = None


def forget() -> None:
    """The same programme had other rules, words and keys a test ago."""
    programs._compiled.clear()
    forget_words()
    key_cache.clear()
    cache.clear()


ground = Ground()
