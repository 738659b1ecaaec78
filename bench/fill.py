"""`python -m bench.fill DATABASE ACCOUNTS SALES FILE`: the shop of one database of `scale`, described in a file."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.place import Database, use
from bench.shop import load_history, open_shop


def main(name: str, accounts: str, sales: str, file: str) -> None:
    database = Database(name)
    use(database)
    shop = open_shop(database, int(accounts), opening_expires=None)
    load_history(database, shop, sales=int(sales))
    database.settle()
    shop.write(Path(file))


if __name__ == "__main__":
    main(*sys.argv[1:])
