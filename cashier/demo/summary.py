"""What the demo tells at the end: the only time that its password and a key are shown."""

from __future__ import annotations

from cashier.demo.names import phone
from cashier.demo.shares import Plan
from cashier.demo.shop import PINS, Opened

_CART = (
    '{"client": {"phone": "%s"}, "receipt_number": "first", '
    '"lines": [{"sku": "latte", "name": "Латте 400 мл", "category": "Кофе", "quantity": "1", "price": "250.00"}]}'
)


def summary(opened: Opened, plan: Plan) -> str:
    premises = opened.premises
    size = f"{len(premises.outlets)} outlets, {plan.clients:,} clients, {plan.receipts:,} receipts of a year"
    key = opened.keys[0]
    lines = [
        f"The demo is a chain of coffee shops, «Зерно»: {size}.",
        "",
        *_logins(opened),
        f"Till page: «Касса» in the menu; PINs: {', '.join(f'{name} {pin}' for name, pin in PINS)}",
        "",
        f"A key of the till API ({key.till}; more under «Точки и кассы»), and a first sale:",
        f"  {key.key}",
        "  curl http://127.0.0.1:${PORT:-8000}/api/v1/sales \\",
        f"    -H 'Authorization: Bearer {key.key}' \\",
        "    -H 'Content-Type: application/json' -H \"Idempotency-Key: first-$(date +%s)\" \\",
        f"    -d '{_CART % phone(0)}'",
    ]
    return "\n".join(lines)


def _logins(opened: Opened) -> list[str]:
    kept = set(opened.kept_logins)
    new = [login for login in opened.logins if login[0] not in kept]
    lines = []
    if new:
        lines.append(f"Log in with the password {opened.password} as")
        lines += [f"  {email:<24}{role}" for email, role in new]
    if kept:
        lines.append(f"Logins that were here, with the passwords they had: {', '.join(opened.kept_logins)}")
    return lines
