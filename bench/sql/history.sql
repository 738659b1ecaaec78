-- One past sale of two lines for each account of a range, so many days ago: its points were earned and have expired.
WITH sold AS (
    INSERT INTO loyalty_sale (program_id, merchant_id, outlet_id, till_id, public_id, account_id, status, receipt_number,
                              occurred_at, local_day, version, channel, cashier, identified_by, total, discount,
                              points_redeemed, points_value, certificates_paid, to_pay, points_earned, earnings,
                              explanation, flags, tier_before, tier_after, is_visit, body_digest, created_at)
    SELECT %(program)s, %(merchant)s, %(outlet)s, 1 + a.id %% %(tills)s, gen_random_uuid(), a.id, 'committed',
           'h' || %(days)s || '-' || a.id, past.at, (past.at AT TIME ZONE 'Europe/Moscow')::date, 1, 'store', 'anna',
           'phone', 600, 0, 0, 0, 0, 600, 30,
           '[{"rule": "tier:silver", "points": "30", "parts": ["20", "10"], "one_off": false}]',
           '[{"rule": "tier:silver", "kind": "earn", "effect": "percent", "title": "Серебро", "applied": true}]', '[]',
           'silver', 'silver', true, sha256(a.id::text::bytea), past.at
      FROM loyalty_account a,
           LATERAL (SELECT now() - make_interval(days => %(days)s, mins => (a.id %% 600)::int) AS at) past
     WHERE a.program_id = %(program)s AND a.id BETWEEN %(first)s AND %(last)s
    RETURNING id, account_id, occurred_at
), line AS (
    INSERT INTO loyalty_saleline (program_id, sale_id, position, sku, name, category, brand, quantity, price, amount,
                                  discount, points_value, points, certificate, paid, earned)
    SELECT %(program)s, id, position, 'latte-300', 'Латте 300 мл', 'Кофе', 'Зерно', quantity, 200, quantity * 200, 0, 0,
           0, 0, quantity * 200, quantity * 10
      FROM sold, (VALUES (0, 2), (1, 1)) AS given (position, quantity)
), lot AS (
    INSERT INTO loyalty_lot (program_id, account_id, merchant_id, sale_id, rule, amount, rest, available_at, expires_at,
                             created_at)
    SELECT %(program)s, account_id, %(merchant)s, id, 'tier:silver', 30, 0, occurred_at,
           occurred_at + interval '1 day', occurred_at
      FROM sold
    RETURNING id, account_id, sale_id, available_at
)
INSERT INTO loyalty_entry (program_id, account_id, kind, points, balance_after, lots, parts, rule, sale_id, at,
                           created_at, actor, reason)
SELECT %(program)s, l.account_id, e.kind, e.points, a.points - a.debt + e.above, ARRAY[l.id], ARRAY[e.points],
       'tier:silver', CASE WHEN e.kind = 'earn' THEN l.sale_id END, l.available_at, l.available_at, 'bench', ''
  FROM lot l
  JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = l.account_id,
       (VALUES (1, 'earn', 30::numeric, 30), (2, 'expire', -30, 0)) AS e (turn, kind, points, above)
 ORDER BY l.account_id, e.turn
