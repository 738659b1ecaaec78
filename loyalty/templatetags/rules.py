"""Sums and points in the words of rules that belong to no page's programme yet: `{{ sum|in_money:words }}`."""

from __future__ import annotations

from decimal import Decimal

from django import template

from loyalty.wording import NO_BREAK, Words, spoken

register = template.Library()


@register.filter
def in_money(amount: Decimal, words: Words) -> str:
    return words.round_money(amount)


@register.filter
def in_points(amount: Decimal, words: Words) -> str:
    return words.points(amount)


@register.filter
def number_of_points(amount: Decimal) -> str:
    return Words(language=spoken(), space=NO_BREAK).shortest(amount)
