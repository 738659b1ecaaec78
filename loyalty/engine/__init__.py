"""The arithmetic of a receipt. Plain Python: no database, no clock, no Django.

`quote(rulebook, client, cart, now)` turns a cart into a breakdown; the same input always gives the same output.
Every surface (till API, till page, back test, import of history) calls it, and the SQL only writes what it decided.
"""
