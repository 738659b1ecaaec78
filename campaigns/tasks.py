"""Nudges: what is due stands in the database."""

from __future__ import annotations
