"""Secrets of second factors rest encrypted: whoever reads the database, or a copy of it, has no codes."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

_MARK: Final = "fernet:"


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return _MARK + _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What was kept before there was a key is plain."""
        if not encrypted_text.startswith(_MARK):
            return encrypted_text
        return _keys().decrypt(encrypted_text.removeprefix(_MARK).encode()).decode()


def _keys() -> MultiFernet:
    """Written with the key of today, read with those that it has replaced, too."""
    return MultiFernet([_key(one) for one in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> Fernet:
    digest = hashlib.sha256(f"second factors\n{secret}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
