"""Errors as RFC 9457 problems: `handler` is DRF's, `problem_of` serves what is not a request of its own."""

from cashier.api.problems.handler import handler, problem_of

__all__ = ["handler", "problem_of"]
