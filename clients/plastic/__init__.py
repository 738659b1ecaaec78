"""Batches of plastic cards: ordered by a range, at random or from a file; printed, exported, withdrawn."""
