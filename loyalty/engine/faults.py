"""A fault of a draft, by place and code. Words are put to it by `loyalty.faults`."""

from __future__ import annotations

from msgspec import Struct


class Fault(Struct, frozen=True):
    """`pointer` is a JSON pointer into the document; `subject` names the tier or rule; `detail` is for `malformed`."""

    pointer: str
    code: str
    subject: str = ""
    detail: str = ""
