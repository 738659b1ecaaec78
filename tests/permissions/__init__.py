"""The table of who may open which page: a module for each app, a row for each of its URLs.

A path may name `{merchant}`, `{outlet}`, `{till}`, `{key}`, `{member}`, `{invited}` (an invitation’s id), `{cashier}`,
`{client}`, `{entry}`, `{sale}`, `{activity}`, `{approval}`, `{product}`, `{category}`, `{goods_import}`,
`{certificate}` and `{certificates}` (a batch) of «Зерно», or `{invitation}` to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Person: TypeAlias = Literal[
    "anonymous",
    "stranger",  # has an account and belongs to no team
    "owner",
    "manager",
    "operator",
    "cashier",
    "reader",
    "neighbour",  # owns another merchant of the same programme
    "foreigner",  # owns a merchant of another programme
    "platform",  # runs the platform
]
PEOPLE: tuple[Person, ...] = Person.__args__  # type: ignore[attr-defined]

# «login» and «away» are redirects: to the login page, or somewhere else.
Outcome: TypeAlias = Literal["ok", "login", "away", "forbidden", "missing", "wrong method"]


def all_get(outcome: Outcome, **others: Outcome) -> dict[str, Outcome]:
    return dict.fromkeys(PEOPLE, outcome) | others


EVERYBODY = all_get("ok")
LOGGED_IN = all_get("ok", anonymous="login")
NOBODY = all_get("missing")
# Pages of the login itself send away whoever is in already.
STRANGERS = all_get("away", anonymous="ok")
# Steps of a flow that is not under way.
NOT_NOW = all_get("away", anonymous="login")
# The password is asked for once more.
ASKED_AGAIN = all_get("away", anonymous="login")
# For those who have a second factor, and nobody of the cast has.
WITH_CODES = all_get("missing", anonymous="login")


def for_roles(*roles: Person, others: Outcome = "forbidden") -> dict[str, Outcome]:
    """A page of a workplace: open to these roles, refused to the team's others; for everybody else it is not there."""
    team: dict[str, Outcome] = dict.fromkeys(("owner", "manager", "operator", "cashier", "reader"), others)
    return all_get("missing", anonymous="login") | team | dict.fromkeys(roles, "ok")


@dataclass
class Page:
    path: str
    outcomes: Mapping[str, Outcome]
    method: Literal["get", "post"] = "get"
