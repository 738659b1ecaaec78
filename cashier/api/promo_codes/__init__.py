"""Codes of promo batches, as tills ask for them."""
