"""Segments: clients whom conditions describe.

`members` and `contains` are what others ask; `keeping` makes, changes and freezes segments; a new condition is a class
in `conditions`.
"""

from __future__ import annotations

from clients.segments.using import contains, members

__all__ = ["contains", "members"]
