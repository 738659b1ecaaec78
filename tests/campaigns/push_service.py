"""A push service on this machine, with the browsers that subscribed to it: it checks who speaks (VAPID, RFC 8292), and
each browser reads what is meant for it (RFC 8291). It knows nothing of the code that it tries.

`answers` says what a browser's address is answered; by default it is taken.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

DAY = 24 * 60 * 60


def packed(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def decrypted(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """One record of `aes128gcm` (RFC 8188) for the holder of the key."""
    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    theirs, sealed = body[21 : 21 + length], body[21 + length :]
    assert len(sealed) <= size
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))

    def derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, salt, info).derive(secret)

    secret = derived(auth, shared, b"WebPush: info\x00" + public_of(key) + theirs, 32)
    opened = AESGCM(derived(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)).decrypt(
        derived(salt, secret, b"Content-Encoding: nonce\x00", 12), sealed, None
    )
    text = opened.rstrip(b"\x00")
    assert text.endswith(b"\x02")  # the last record
    return text[:-1]


class PushService:
    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, int] = {}
        self.shown: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []
        self.asked = 0
        self._browsers: dict[str, tuple[ec.EllipticCurvePrivateKey, bytes, str]] = {}

    def subscribe(self, name: str, application_key: str) -> tuple[str, str, str]:
        """What the browser would say to the site: endpoint, p256dh, auth."""
        key, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self._browsers[f"/send/{name}"] = (key, auth, application_key)
        return f"{self.url}/send/{name}", packed(public_of(key)), packed(auth)

    def take(self, path: str, headers: Any, body: bytes) -> int:
        self.asked += 1
        if path not in self._browsers:
            return 404
        if (said := self.answers.get(path, 201)) != 201:
            return said
        key, auth, application_key = self._browsers[path]
        try:
            self._check(headers, application_key)
            self.shown.append((path, json.loads(decrypted(body, key, auth))))
        except (AssertionError, InvalidSignature, ValueError, KeyError) as error:
            self.refused.append(repr(error))
            return 403
        return 201

    def _check(self, headers: Any, application_key: str) -> None:
        assert headers["Content-Encoding"] == "aes128gcm"
        assert 0 < int(headers["TTL"]) <= 28 * DAY
        assert len(unpacked(headers["Topic"])) <= 24
        scheme, rest = headers["Authorization"].split(" ", 1)
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert (scheme, parts["k"]) == ("vapid", application_key)
        head, claims, signature = parts["t"].split(".")
        raw = unpacked(signature)
        assert len(raw) == 64
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpacked(parts["k"]))
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        assert json.loads(unpacked(head)) == {"typ": "JWT", "alg": "ES256"}
        said = json.loads(unpacked(claims))
        assert said["aud"] == self.url
        assert 0 < said["exp"] - time.time() <= DAY
        assert said["sub"].startswith(("mailto:", "https:"))


@contextmanager
def push_service() -> Iterator[PushService]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    own = PushService(f"http://127.0.0.1:{server.server_address[1]}")
    server.own = own  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield own
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        own: PushService = self.server.own  # type: ignore[attr-defined]
        status = own.take(self.path, self.headers, body)
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "120")
        self.send_header("Content-Length", "0")
        self.end_headers()
