-- Money of all clients of a programme since some are held out of all campaigns, by window of days (0: the whole time)
-- and by group. Clients who bought nothing count as zero; whoever has joined since counts from then on. Who is held out
-- says the formula of campaigns/holdout.py: a test compares them.
-- Parameters: program, merchant, salt, share (of 10,000), since, now, windows (days).
WITH clients AS MATERIALIZED (
    SELECT a.id AS account, greatest(a.created_at, %(since)s) AS at,
           ('x' || left(md5(%(salt)s || ':' || a.id), 8))::bit(32)::bigint %% 10000 < %(share)s AS held_out
      FROM loyalty_account a
     WHERE a.program_id = %(program)s AND a.status <> 'merged' AND a.created_at < %(now)s
), receipts AS MATERIALIZED (
    SELECT s.account_id AS account, s.occurred_at,
           s.to_pay - coalesce((SELECT sum(r.money) FROM loyalty_return r
                                 WHERE r.program_id = %(program)s AND r.sale_id = s.id), 0) AS money
      FROM loyalty_sale s
     WHERE s.program_id = %(program)s AND s.merchant_id = %(merchant)s AND s.account_id IS NOT NULL
       AND s.status = 'committed' AND s.local_day >= (%(since)s - interval '1 day')::date
       AND s.occurred_at >= %(since)s AND s.occurred_at < %(now)s
), money AS (
    SELECT w.days, c.held_out, c.account,
           coalesce(sum(r.money) FILTER (WHERE w.days = 0 OR r.occurred_at < c.at + make_interval(days => w.days)), 0)
               AS money
      FROM clients c
     CROSS JOIN unnest(%(windows)s::int[]) w (days)
      LEFT JOIN receipts r ON r.account = c.account AND r.occurred_at >= c.at
     GROUP BY w.days, c.held_out, c.account
)
SELECT days, held_out, count(*), sum(money), sum(money * money) FROM money GROUP BY days, held_out
