"""Phone numbers as people write them."""

from __future__ import annotations

from merchants.phones import NotAPhoneError, e164

__all__ = ["NotAPhoneError", "e164"]
