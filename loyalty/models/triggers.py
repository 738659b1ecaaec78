"""What the database itself refuses, whoever asks."""

from __future__ import annotations

import pgtrigger

_BOOKS_BALANCE = """
    -- loyalty_end_bulk has looked at all accounts of its chunk.
    IF current_setting('loyalty.books_checked', true) = 'yes' THEN
        RETURN NULL;
    END IF;
    SELECT a.points, a.points - a.debt INTO held, balance
      FROM loyalty_account a WHERE a.id = {row}.{column};
    SELECT coalesce(sum(l.rest), 0) INTO rests
      FROM loyalty_lot l WHERE l.program_id = {row}.program_id AND l.account_id = {row}.{column} AND l.rest > 0;
    SELECT e.balance_after INTO last
      FROM loyalty_entry e WHERE e.program_id = {row}.program_id AND e.account_id = {row}.{column}
     ORDER BY e.id DESC LIMIT 1;
    IF held <> rests OR balance <> coalesce(last, 0) THEN
        RAISE EXCEPTION 'books of account % do not balance: points %, lots %, balance %, last entry %',
            {row}.{column}, held, rests, balance, last USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


def books_balance(
    table: str, column: str, *, updated: tuple[str, ...], also: pgtrigger.Operation | None = None
) -> pgtrigger.Trigger:
    """At COMMIT: points = sum of the open lots, and points - debt = the last entry's balance."""
    operation: pgtrigger.Operation = pgtrigger.UpdateOf(*updated)  # type: ignore[no-untyped-call]
    if also is not None:
        operation = operation | also
    return pgtrigger.Trigger(
        name=f"{table}_books_balance",
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        declare=[("held", "numeric"), ("balance", "numeric"), ("rests", "numeric"), ("last", "numeric")],
        func=_BOOKS_BALANCE.format(row="NEW", column=column),
    )


def append_only() -> pgtrigger.Trigger:
    return pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
