"""What the application needs around it, as the environment that settings.py reads."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from config.local.instance import Instance
from config.local.postgres import Postgres
from config.local.valkey import Valkey


@dataclass
class Services:
    environment: dict[str, str]
    started: list[Postgres | Valkey] = field(default_factory=list)


@contextmanager
def services(instance: Instance, *, durable: bool = True) -> Iterator[Services]:
    """Start what the environment does not name already; stop it on the way out, in any case."""
    found = Services(
        environment={
            "KOPILKA_LOCAL": "1",
            "KOPILKA_INSTANCE": instance.key,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": os.environ.get("SECRET_KEY") or instance.secret_key,
        }
    )
    with ExitStack() as stack:
        stack.enter_context(instance.locked())
        sockets = stack.enter_context(instance.socket_folder())
        if not os.environ.get("DATABASE_URL"):
            postgres = Postgres(instance, sockets, durable=durable)
            stack.callback(postgres.stop)
            postgres.start()
            found.environment["DATABASE_URL"] = postgres.url()
            found.started.append(postgres)
        if not os.environ.get("REDIS_URL"):
            valkey = Valkey(instance, sockets, durable=durable)
            stack.callback(valkey.stop)
            valkey.start()
            found.environment["REDIS_URL"] = valkey.url(0)
            found.environment["CACHE_URL"] = valkey.url(1)
            found.started.append(valkey)
        stack.enter_context(instance.announced(found.environment))
        yield found
