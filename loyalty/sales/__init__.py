"""Receipts: compute, sell, hold, commit, void, give back. One atomic service per verb."""

from loyalty.sales.holds import commit
from loyalty.sales.offline import book
from loyalty.sales.returning import give_back, void
from loyalty.sales.selling import hold, quote, sell
from loyalty.sales.stored import get

__all__ = ["book", "commit", "get", "give_back", "hold", "quote", "sell", "void"]
