from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django_scopes import ScopedManager

Row = TypeVar("Row", bound=models.Model)

if TYPE_CHECKING:

    class FailsClosed: ...
else:
    FailsClosed = type(ScopedManager(program="program"))


class TenantManager(FailsClosed, models.Manager[Row]):
    """The manager of every tenant's table: a ScopeError outside `merchants.access.tenant`.

    It is django-scopes' manager as a class, because their function hides from type checkers what it returns.
    """
