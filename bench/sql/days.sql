-- The receipts of one day, so many days ago: three of four with a client, whose points are earned and spent at once, so
-- that all balances stay as they are. Without lines and lots, which no roll-up reads.
WITH sold AS (
    INSERT INTO loyalty_sale (program_id, merchant_id, outlet_id, till_id, public_id, account_id, status, receipt_number,
                              occurred_at, local_day, version, channel, cashier, identified_by, total, discount,
                              points_redeemed, points_value, certificates_paid, to_pay, points_earned, earnings,
                              explanation, flags, tier_before, tier_after, is_visit, body_digest, created_at)
    SELECT %(program)s, %(merchant)s, %(outlet)s, 1 + n %% %(tills)s, gen_random_uuid(),
           CASE WHEN n %% 4 > 0 THEN 1 + (n::bigint * 7919 + %(ago)s * 104729) %% %(accounts)s END, 'committed', '',
           past.at, past.day, 1, 'store', CASE WHEN n %% 2 = 0 THEN 'anna' ELSE 'boris' END, 'phone', 600, 20, 30, 30, 0,
           550, CASE WHEN n %% 4 > 0 THEN 30 ELSE 0 END, '[]', '[]', '[]', 'silver', 'silver', true,
           sha256(n::text::bytea), past.at
      FROM generate_series(0, %(sales)s - 1) n,
           LATERAL (SELECT (current_date - %(ago)s)::date AS day,
                           ((current_date - %(ago)s) + make_interval(secs => 28800 + n * 43200.0 / %(sales)s))
                               AT TIME ZONE 'Europe/Moscow' AS at) past
    RETURNING id, account_id, occurred_at
)
INSERT INTO loyalty_entry (program_id, account_id, kind, points, balance_after, lots, parts, rule, sale_id, at,
                           created_at, actor, reason)
SELECT %(program)s, s.account_id, e.kind, e.points, %(points)s + e.above, '{}', '{}', 'base', s.id, s.occurred_at,
       s.occurred_at, 'bench', ''
  FROM sold s, (VALUES (1, 'earn', 30::numeric, 30), (2, 'redeem', -30, 0)) AS e (turn, kind, points, above)
 WHERE s.account_id IS NOT NULL
 ORDER BY s.occurred_at, e.turn
