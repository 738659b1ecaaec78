"""Opens the shop: `python -m tests.faults.opening` in the environment of a running Kopilka prints its till keys."""

from __future__ import annotations

import json
from typing import Any

import django
from django.utils import timezone

TILLS = 4
RULES: dict[str, Any] = {
    "rules": [{"id": "base", "title": "5 %", "effect": {"kind": "percent", "percent": "5"}}],
    "spending": {"max_percent": "50"},
}


def open_shop() -> list[str]:
    from loyalty import programs
    from merchants.access import tenant
    from merchants.models import Merchant, Outlet, Program, Scope
    from merchants.tills import issue_key, register_till

    now = timezone.now()
    program = Program.objects.create(name="Зерно")
    with tenant(program.pk):
        merchant = Merchant.objects.create(program=program, name="Зерно")
        outlet = Outlet.objects.create(program=program, merchant=merchant, name="Лесная 5", code="lesnaya")
        programs.publish(program=program, document=RULES, now=now, by="faults")
        tills = [register_till(outlet=outlet, name=f"Касса {n}", by="faults", now=now) for n in range(TILLS)]
        return [issue_key(till=till, scopes=list(Scope.values), by="faults", now=now) for till in tills]


if __name__ == "__main__":
    django.setup()
    print(json.dumps(open_shop()))
