"""The ceiling: what the database alone does for a sale, driven by pgbench.

The real tables, indexes, constraints, triggers and functions: loyalty_open_sale with the account's lock, then
loyalty_write_sale with the product's own payload, in one transaction. Nothing of the application: no HTTP, no
authentication, no rules, no Python.

Two scripts. `one` is the ceiling that ratios are taken of: both calls within one server-side function, one round
trip in all. `four` sends BEGIN, the two calls and COMMIT one by one, as the application has to, since the rules are
computed between the calls.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import psycopg

from bench import capture
from bench.load.wrk import cpu_seconds
from bench.measure import Sample, percentile
from bench.place import Database
from bench.shop import TILLS, Shop
from bench.till import LINES
from config.local.postgres import package

Kind = Literal["earn", "redeem"]
Trips = Literal["one", "four"]
CONNECTIONS = 8

# The plainest code that fills in the template; its cost is measured by `helper_cost` and said beside the ceiling.
_PAYLOAD = """
CREATE FUNCTION bench.payload_{kind}(opened jsonb, till bigint, key text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    account jsonb := opened->'account';
    visited boolean := (opened->'day'->>'visited')::boolean;
    points numeric := (account->>'points')::numeric;
    lot jsonb := (SELECT x FROM jsonb_array_elements(account->'lots') x WHERE x->5 = 'null' LIMIT 1);
    now_text text := to_json(now())#>>'{{}}';
    day text := (now() AT TIME ZONE 'Europe/Moscow')::date;
    public_id uuid := {uuid};
BEGIN
    RETURN format($template${template}$template$, {arguments});
END $function$
"""

_OPEN = """loyalty_open_sale({program}, {till}, {till}, {key}, '{by}', {value},
       (now() AT TIME ZONE 'Europe/Moscow')::date, {key}, now(), now(), true, '{{}}', false, ARRAY[{skus}])"""
_SKUS = ", ".join(f"'{sku}'" for sku in sorted(line["sku"] for line in LINES))

_SALE = """
CREATE FUNCTION bench.sale_{kind}(till bigint, account bigint, key text) RETURNS bigint LANGUAGE plpgsql AS $function$
DECLARE
    opened text;
BEGIN
    opened := {open};
    RETURN loyalty_write_sale(bench.payload_{kind}(opened::jsonb, till, key)::jsonb);
END $function$
"""

_HEAD = """\\set n :n + 1
\\set account random(1, :accounts)
\\set till random(1, :tills)
"""
_KEY = "(:run || '-' || :client_id || '-' || :n)"
_VALUE = {"earn": "'+79' || lpad({account}::text, 9, '0')", "redeem": "'77' || lpad({account}::text, 10, '0')"}
_BY = {"earn": "phone", "redeem": "card"}


def _open(shop: Shop, kind: Kind, *, till: str, account: str, key: str) -> str:
    value = _VALUE[kind].format(account=account)
    return _OPEN.format(program=shop.program_id, till=till, key=key, by=_BY[kind], value=value, skus=_SKUS)


def script(shop: Shop, kind: Kind, trips: Trips) -> str:
    """A pgbench script."""
    if trips == "one":
        return _HEAD + f"SELECT bench.sale_{kind}(:till, :account, {_KEY});\n"
    opening = _open(shop, kind, till=":till", account=":account", key=_KEY)
    return _HEAD + (
        f"BEGIN;\nSELECT {opening} AS opened \\gset\n"
        f"SELECT loyalty_write_sale(bench.payload_{kind}(:opened::jsonb, :till, {_KEY})::jsonb);\nCOMMIT;\n"
    )


def install(database: Database, shop: Shop) -> None:
    """Put the functions that build the payloads into the database."""
    with database.connect() as connection:
        connection.execute("DROP SCHEMA IF EXISTS bench CASCADE")
        connection.execute("CREATE SCHEMA bench")
        has_v7 = connection.info.server_version >= 180000
        for kind in ("earn", "redeem"):
            place = capture.Place()
            calls = capture.calls_of_a_sale(shop, redeem=kind == "redeem")
            (written,) = (parameters for sql, parameters in calls if "loyalty_write_sale" in sql)
            text = capture.template(json.loads(written[0]), capture.state_of(shop), place)
            connection.execute(
                _PAYLOAD.format(
                    kind=kind,
                    uuid="uuidv7()" if has_v7 else "gen_random_uuid()",
                    template=text,
                    arguments=", ".join(place.expressions),
                ).encode()
            )
            opening = _open(shop, kind, till="till", account="account", key="key")
            connection.execute(_SALE.format(kind=kind, open=opening).encode())


def helper_cost(database: Database, shop: Shop, kind: Kind, repeats: int = 3000) -> float:
    """Microseconds that building one payload's text costs within the ceiling."""
    with database.connect() as connection, connection.transaction(force_rollback=True):
        opening = _open(shop, kind, till="1", account="2", key="'probe'")
        (opened,) = _one(connection, f"SELECT {opening}")
        loop = f"""DO $$ DECLARE o jsonb := '{str(opened).replace("'", "''")}'; t text; BEGIN
            FOR i IN 1..{repeats} LOOP t := bench.payload_{kind}(o, 1, 'probe'); END LOOP; END $$"""
        connection.execute(loop.encode())
        began = time.perf_counter()
        connection.execute(loop.encode())
        return (time.perf_counter() - began) / repeats * 1e6


def _one(connection: psycopg.Connection, sql: str) -> tuple[object, ...]:
    row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return row


def run(
    database: Database,
    shop: Shop,
    folder: Path,
    *,
    kind: Kind,
    trips: Trips,
    seconds: int,
    pids: Mapping[str, Sequence[int]],
    connections: int = CONNECTIONS,
) -> Sample:
    """One round."""
    file = folder / f"ceiling-{kind}-{trips}.sql"
    file.write_text(script(shop, kind, trips), encoding="ascii")
    log = folder / f"log-{secrets.token_hex(4)}"
    command = [
        *(str(package() / "pginstall" / "bin" / "pgbench"), "--no-vacuum", "--protocol=prepared"),
        *(f"--client={connections}", f"--jobs={min(2, connections)}", f"--time={seconds}"),
        *("--log", f"--log-prefix={log}", f"--file={file}"),
        *(f"--define=accounts={shop.accounts}", f"--define=tills={TILLS}", "--define=n=0"),
        *(f"--define=run=r{secrets.token_hex(4)}", database.url),
    ]
    before = {name: cpu_seconds(group) for name, group in pids.items()}
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    used = {name: cpu_seconds(group) - before[name] for name, group in pids.items()}
    if done.returncode or "ERROR" in done.stderr:
        raise SystemExit(f"pgbench failed:\n{done.stderr[-3000:]}")
    times: list[int] = []
    for part in folder.glob(f"{log.name}.*"):
        with part.open(encoding="ascii") as lines:
            times += [int(line.split(" ", 3)[2]) for line in lines]
        part.unlink()
    times.sort()
    return Sample(
        per_second=len(times) / seconds,
        p50_ms=percentile(times, 0.50) / 1000,
        p99_ms=percentile(times, 0.99) / 1000,
        cpu_ms={name: seconds_ * 1000 / len(times) for name, seconds_ in used.items()},
        failed=0,
    )
