"""A database that cannot search in Russian is refused before anything is written to it."""

import pytest
from django.db import connection

from config.checks import NO_LETTERS, NO_TRIGRAMS, can_search_in_russian, finds_trigrams

DUMB = """
    CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'
"""


@pytest.mark.django_db
def test_ours_can() -> None:
    assert can_search_in_russian(["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        assert finds_trigrams(cursor)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_knows_no_letters_is_named() -> None:
    name = f"{connection.settings_dict['NAME']}_dumb"
    kept = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(DUMB.format(name))
    try:
        connection.close()
        connection.settings_dict["NAME"] = name
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION pg_trgm")
        assert can_search_in_russian(["default"]) == [NO_LETTERS, NO_TRIGRAMS]
    finally:
        connection.close()
        connection.settings_dict["NAME"] = kept
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")
