-- How each merchant of a programme stands. One statement, so that the accounts and their entries are of one moment:
-- days before `live_day` are rolled up for good, everything written since `live` is read from the entries.
-- Parameters: program, now, day, month (the first of 30 days), active_days, active_since, live_day, live.
INSERT INTO insights_snapshot (program_id, merchant_id, local_day, at, took_ms, clients, active_days, active, buyers,
                               repeat_buyers, outstanding, entered)
SELECT %(program)s, m.id, %(day)s, %(now)s, 0, coalesce(c.clients, 0), %(active_days)s, coalesce(c.active, 0),
       coalesce(b.buyers, 0), coalesce(b.repeated, 0), coalesce(c.points, 0),
       coalesce(days.points, 0) + coalesce(live.points, 0)
  FROM merchants_merchant m
  LEFT JOIN (SELECT a.merchant_id, count(*) FILTER (WHERE a.status NOT IN ('merged', 'removed')) AS clients,
                    count(*) FILTER (WHERE a.status NOT IN ('merged', 'removed') AND a.last_purchase_at >= %(active_since)s) AS active,
                    sum(a.points - a.debt) AS points
               FROM loyalty_account a WHERE a.program_id = %(program)s GROUP BY 1) c ON c.merchant_id = m.id
  LEFT JOIN (SELECT bought.merchant_id, count(*) AS buyers, count(*) FILTER (WHERE bought.sales > 1) AS repeated
               FROM (SELECT s.merchant_id, s.account_id, count(*) AS sales
                       FROM loyalty_sale s
                      WHERE s.program_id = %(program)s AND s.local_day BETWEEN %(month)s AND %(day)s
                        AND s.status = 'committed' AND s.account_id IS NOT NULL
                      GROUP BY 1, 2) bought
              GROUP BY 1) b ON b.merchant_id = m.id
  LEFT JOIN (SELECT p.merchant_id, sum(p.given - p.taken) AS points
               FROM insights_pointsday p
              WHERE p.program_id = %(program)s AND p.local_day < %(live_day)s
              GROUP BY 1) days ON days.merchant_id = m.id
  LEFT JOIN (SELECT a.merchant_id, sum(e.points) AS points
               FROM loyalty_entry e JOIN loyalty_account a ON a.id = e.account_id
              WHERE e.program_id = %(program)s AND e.created_at >= %(live)s
              GROUP BY 1) live ON live.merchant_id = m.id
 WHERE m.program_id = %(program)s
    ON CONFLICT (program_id, merchant_id, local_day) DO UPDATE
   SET (at, clients, active_days, active, buyers, repeat_buyers, outstanding, entered)
     = (excluded.at, excluded.clients, excluded.active_days, excluded.active, excluded.buyers, excluded.repeat_buyers,
        excluded.outstanding, excluded.entered)
