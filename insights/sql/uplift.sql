-- Money of a campaign's clients since it treated them or held them out, by window of days and by group. Clients who
-- bought nothing count as zero. A client is on one side for ever; what counts is his first turn.
-- Parameters: program, merchant, campaign, now, windows (days).
WITH clients AS MATERIALIZED (
    SELECT DISTINCT ON (t.account_id) t.account_id AS account, t.at, t.state = 'held_out' AS held_out
      FROM campaigns_campaignturn t
     WHERE t.program_id = %(program)s AND t.campaign_id = %(campaign)s
       AND t.state IN ('done', 'held_out') AND t.at <= %(now)s
     ORDER BY t.account_id, t.at
), receipts AS MATERIALIZED (
    SELECT c.account, c.held_out, s.occurred_at - c.at AS after,
           s.to_pay - coalesce((SELECT sum(r.money) FROM loyalty_return r
                                 WHERE r.program_id = %(program)s AND r.sale_id = s.id), 0) AS money
      FROM clients c
      LEFT JOIN loyalty_sale s ON s.program_id = %(program)s AND s.account_id = c.account
                              AND s.local_day >= (c.at - interval '1 day')::date
                              AND s.merchant_id = %(merchant)s AND s.status = 'committed'
                              AND s.occurred_at >= c.at AND s.occurred_at < %(now)s
), money AS (
    SELECT w.days, x.held_out, x.account,
           coalesce(sum(x.money) FILTER (WHERE x.after < make_interval(days => w.days)), 0) AS money
      FROM receipts x
     CROSS JOIN unnest(%(windows)s::int[]) w (days)
     GROUP BY w.days, x.held_out, x.account
)
SELECT days, held_out, count(*), sum(money), sum(money * money) FROM money GROUP BY days, held_out
