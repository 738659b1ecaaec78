"""Batches of promo codes: made, given to clients, looked at; a sale reads and uses them by `sql/promo.sql`."""
