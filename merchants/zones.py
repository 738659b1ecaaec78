"""Time zones by the names people know them by: Russia's first, then all of them."""

from __future__ import annotations

import functools
import zoneinfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

RUSSIAN: tuple[tuple[str, Promise], ...] = (
    ("Europe/Kaliningrad", _("Kaliningrad (Moscow − 1)")),
    ("Europe/Moscow", _("Moscow")),
    ("Europe/Samara", _("Samara, Saratov, Izhevsk (Moscow + 1)")),
    ("Asia/Yekaterinburg", _("Yekaterinburg, Chelyabinsk, Perm, Ufa (Moscow + 2)")),
    ("Asia/Omsk", _("Omsk (Moscow + 3)")),
    ("Asia/Novosibirsk", _("Novosibirsk, Krasnoyarsk, Tomsk (Moscow + 4)")),
    ("Asia/Irkutsk", _("Irkutsk, Ulan-Ude (Moscow + 5)")),
    ("Asia/Yakutsk", _("Yakutsk, Chita, Blagoveshchensk (Moscow + 6)")),
    ("Asia/Vladivostok", _("Vladivostok, Khabarovsk (Moscow + 7)")),
    ("Asia/Magadan", _("Magadan, Sakhalin (Moscow + 8)")),
    ("Asia/Kamchatka", _("Kamchatka, Chukotka (Moscow + 9)")),
)


@functools.cache
def others() -> tuple[tuple[str, str], ...]:
    known = {name for name, _words in RUSSIAN}
    regions = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    names = sorted(name for name in zoneinfo.available_timezones() - known if name.startswith(regions))
    return tuple((name, name.replace("_", " ")) for name in [*names, "UTC"])


def named(zone: str) -> str:
    """What people call a time zone; Russian ones by their cities."""
    return str(dict(RUSSIAN).get(zone, zone.replace("_", " ")))


def choices() -> list[tuple[object, object]]:
    """For a select with groups."""
    return [(_("Russia"), RUSSIAN), (_("Elsewhere"), others())]
