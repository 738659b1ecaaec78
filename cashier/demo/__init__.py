"""A year of a coffee chain that never was: for a first look at Kopilka, and for measuring it at size.

`rules` and `menu` say what is sold and what it earns, `shop` opens it, `crowd` says who comes when, `diary` lives the
year receipt by receipt with the engine, `loading` puts it into the database.
"""
