"""Settings come from environment variables; this reads them and complains in sentences."""

import os
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}


class Environment:
    """Typed access to variables. What is neither set nor given a default stops the start."""

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        self.variables = variables

    def text(self, name: str, default: str | None = None) -> str:
        value = self.variables.get(name, "").strip() or default
        if value is None:
            raise ImproperlyConfigured(
                f"{name} is not set. Production takes its settings from the environment; "
                "on your own machine use `make run`, or "
                "`python -m config.local exec -- COMMAND` for a single command."
            )
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.variables.get(name)
        if value is None:
            return default
        if value.strip().lower() in TRUE:
            return True
        if value.strip().lower() in FALSE:
            return False
        raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no.")

    def number(self, name: str, default: int) -> int:
        value = self.variables.get(name, "").strip()
        try:
            return int(value) if value else default
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from error

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        """One of the options; the first where nothing is set."""
        value = self.variables.get(name, "").strip().lower() or options[0]
        if value not in options:
            raise ImproperlyConfigured(f"{name}={value!r} is none of: {', '.join(options)}.")
        return value

    def words(self, name: str, default: str | None = None) -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]


def postgres_parameters(url: str) -> dict[str, Any]:
    """Split a libpq URL (hosts, Unix sockets, `?sslmode=…`, all of it) into Django's words."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        # The URL itself carries a password, so the sentence does not quote it.
        raise ImproperlyConfigured("DATABASE_URL is not a PostgreSQL URL.") from error
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
    }


def broker_url(redis_url: str) -> str:
    """Celery's spelling of a Redis URL: it has words of its own for a Unix socket."""
    if not redis_url.startswith("unix://"):
        return redis_url
    return redis_url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")


def own_address(hosts: list[str]) -> str:
    """Where we live, of ALLOWED_HOSTS: the first that is a name and no pattern; empty where all are patterns."""
    name = next((host for host in hosts if not host.startswith((".", "*"))), "")
    return f"https://{name}" if name else ""
