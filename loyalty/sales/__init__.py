"""Receipts: compute, sell, hold, commit, void, give back. One atomic service per verb."""
