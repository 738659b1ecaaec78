"""What the demo tells at the end: the only time that its keys and its password are shown."""

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
    size = f"{len(premises.outlets)} outlets, {plan.clients:,} clients, {plan.receipts:,} receipts"
    lines = [
        f"Demo: programme {premises.program_id} «Зерно», {size}.",
        "",
        *_logins(opened),
        "",
        "Cashiers of the till page («Касса» in the menu), with their PINs:",
        *(f"  {name}  {pin}" for name, pin in PINS),
        "",
        "Till keys (shown once):",
        *(f"  {key.till}: {key.key}" for key in opened.keys),
        "",
        "A first sale:",
        "  curl http://127.0.0.1:${PORT:-8000}/api/v1/sales \\",
        f"    -H 'Authorization: Bearer {opened.keys[0].key}' \\",
        "    -H 'Content-Type: application/json' -H \"Idempotency-Key: first-$(date +%s)\" \\",
        f"    -d '{_CART % phone(0)}'",
    ]
    return "\n".join(lines)


def _logins(opened: Opened) -> list[str]:
    kept = set(opened.kept_logins)
    new = [login for login in opened.logins if login[0] not in kept]
    lines = []
    if new:
        lines.append(f"Logins, all with the password {opened.password}")
        lines += [f"  {email}  {role}" for email, role in new]
    if kept:
        lines.append(f"Logins that were here, with the passwords they had: {', '.join(opened.kept_logins)}")
    return lines
