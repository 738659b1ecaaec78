"""Two questions a load balancer asks: is the process alive, and can it serve."""

from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = structlog.get_logger(__name__)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 with the name of what is missing; the reason goes to the log, not to strangers."""
    checks: dict[str, Callable[[], bool]] = {"database": answers, "cache": remembers, "migrations": is_migrated}
    results = {name: passes(name, check) for name, check in checks.items()}
    return JsonResponse(results, status=200 if all(results.values()) else 503)


def passes(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # whatever is wrong with a dependency, the answer is "not ready"
        logger.warning("not_ready", check=name, exc_info=True)
        return False


def answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def remembers() -> bool:
    cache.set("readyz", "ok", timeout=10)
    return bool(cache.get("readyz") == "ok")


class Migrated:
    """Reading the migration graph takes a while, and once applied it stays applied."""

    def __init__(self) -> None:
        self.known = False

    def __call__(self) -> bool:
        if not self.known:
            executor = MigrationExecutor(connection)
            self.known = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return self.known


is_migrated = Migrated()
