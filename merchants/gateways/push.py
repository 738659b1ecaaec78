"""Web push: a message is encrypted for one browser (RFC 8291) and signed with our key (VAPID, RFC 8292).

`PUSH_KEY` is the private key, made by `manage.py make_push_key`. Browsers say where their service is: only those that
`PUSH_HOSTS` names are spoken to.
"""

from __future__ import annotations

import base64
import functools
import json
import os
import time
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from msgspec import Struct

from merchants.gateways import http
from merchants.gateways.answers import Handed, NobodyThere, Refused

NAME: Final = "push"
# How long a push service keeps it for a phone that is off.
KEPT_SECONDS: Final = 24 * 60 * 60
SIGNED_SECONDS: Final = 12 * 60 * 60
LONGEST: Final = 3_000
_RAW: Final = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint


class Browser(Struct, frozen=True):
    """Where one browser is reached, and its keys."""

    endpoint: str
    p256dh: str
    auth: str


def is_set_up() -> bool:
    return bool(settings.PUSH_KEY)


def new_key() -> str:
    """A private key for the settings."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _packed(number.to_bytes(32, "big"))


def public_key() -> str:
    """What browsers are given when they subscribe."""
    return _packed(_key(settings.PUSH_KEY).public_key().public_bytes(*_RAW))


def is_known(endpoint: str) -> bool:
    """Whether an address that a browser has sent belongs to a push service: nothing else is called on its word."""
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not endpoint.isascii() or not endpoint.isprintable():
        return False
    named = any(host == one or (one.startswith(".") and host.endswith(one)) for one in settings.PUSH_HOSTS)
    return named and (parts.scheme == "https" or settings.LOCAL) and parts.username is None


def are_keys(browser: Browser) -> bool:
    """Whether a message can be encrypted for them."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(browser.p256dh))
        return len(_bytes(browser.auth)) == 16
    except ValueError:
        return False


def send(browser: Browser, *, title: str, text: str, link: str = "", tag: str = "") -> Handed:
    """`tag`: a second message of the same one replaces the first in the browser."""
    if not is_known(browser.endpoint):
        raise NobodyThere("bad_address")
    body = encrypted(_document(title, text, link, tag), browser)
    parts = urlsplit(browser.endpoint)
    headers = {
        "TTL": str(KEPT_SECONDS),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "Authorization": _signed(f"{parts.scheme}://{parts.netloc}", int(time.time()) // SIGNED_SECONDS),
    }
    if tag:
        headers["Topic"] = tag.replace("-", "")[:32]
    status, _answer = http.post(browser.endpoint, body, headers)
    if status in {404, 410}:
        raise NobodyThere("unsubscribed")
    # 401 and 403, too: a browser that has subscribed with another key is no trouble of the others'.
    if status >= 400:
        raise Refused("rejected")
    return Handed()


def _document(title: str, text: str, link: str, tag: str) -> bytes:
    """As the browser's worker reads it; a text that is too long is cut."""
    while True:
        said = json.dumps({"title": title, "text": text, "link": link, "tag": tag}, ensure_ascii=False).encode()
        if len(said) <= LONGEST or not text:
            return said
        # A letter takes four bytes at the most.
        text = text[: -max(2, (len(said) - LONGEST) // 4 + 1)].rstrip() + "…" if len(text) > 2 else ""


def encrypted(text: bytes, browser: Browser) -> bytes:
    theirs = _bytes(browser.p256dh)
    own = ec.generate_private_key(ec.SECP256R1())
    public = own.public_key().public_bytes(*_RAW)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    secret = _derived(_bytes(browser.auth), shared, b"WebPush: info\0" + theirs + public, 32)
    salt = os.urandom(16)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + (4096).to_bytes(4, "big") + bytes([len(public)]) + public
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)


@functools.lru_cache(maxsize=64)
def _signed(origin: str, period: int) -> str:
    until = (period + 2) * SIGNED_SECONDS - SIGNED_SECONDS // 2
    claims = {"aud": origin, "exp": min(until, int(time.time()) + 23 * 3600), "sub": settings.PUSH_CONTACT}
    body = ".".join(_packed(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(_key(settings.PUSH_KEY).sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={body}.{_packed(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={public_key()}"


@functools.lru_cache(maxsize=4)
def _key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(_bytes(text), "big"), ec.SECP256R1())


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _packed(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise ValueError("not base64") from error
