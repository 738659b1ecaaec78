"""What somebody who tries Kopilka out on his own computer meets."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from config.local.supervisor import known_to_others
from tests.cast import Cast

NO_WAY = "Телефон этот адрес не откроет"


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/accounts/email/", "/accounts/2fa/"])
def test_pages_of_the_account_lead_back(cast: Cast, client: Client, path: str) -> None:
    client.force_login(cast.zerno.owner)
    page = client.get(path, follow=True).content.decode()
    assert 'class="back" href="/"' in page
    assert "Вернуться в магазин" in page


def test_a_qr_code_that_no_phone_can_follow_says_so(cast: Cast, client: Client, settings: Any) -> None:
    client.force_login(cast.zerno.owner)
    settings.ALLOWED_HOSTS = ["127.0.0.1", "192.168.1.5"]
    settings.SITE_URL = "http://localhost:8000"
    till = f"/m/{cast.zerno.merchant.pk}/tills/{cast.zerno.till.pk}/settings/"

    def connecting(host: str) -> str:
        return client.post(till, {"act": "phone"}, headers={"host": host}).content.decode()

    assert NO_WAY in connecting("127.0.0.1:8000")
    assert "HOST=0.0.0.0 make run" in connecting("127.0.0.1:8000")
    assert NO_WAY not in connecting("192.168.1.5:8000")
    settings.SITE_URL = "http://192.168.1.5:8000"
    assert "по адресу http://192.168.1.5:8000." in connecting("127.0.0.1:8000")


def test_a_server_for_the_local_network_lets_phones_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALLOWED_HOSTS", "SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert known_to_others("127.0.0.1", 8000) == {}
    found = known_to_others("192.168.1.5", 8001)
    assert found == {"ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],192.168.1.5", "SITE_URL": "http://192.168.1.5:8001"}
    monkeypatch.setenv("SITE_URL", "http://till.local:8000")
    assert "SITE_URL" not in known_to_others("192.168.1.5", 8001)
