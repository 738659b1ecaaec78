from __future__ import annotations

import pytest
from django.utils import translation


@pytest.mark.parametrize(("text", "russian"), [("Your merchants", "Ваши компании"), ("till key", "ключ кассы")])
def test_the_compiled_catalogue_is_there(text: str, russian: str) -> None:
    with translation.override("ru"):
        assert translation.gettext(text) == russian
