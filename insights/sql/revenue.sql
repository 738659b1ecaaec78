-- Revenue of a merchant's days and, for each part of the time (`since`: the first days of the parts, ascending), of its
-- outlets. Money is what was paid less what was given back; without a card it is the Z-report's total less what went
-- with one, where there is a Z-report, and otherwise what tills have sent.
-- Parameters: program, merchant, since, until, outlets (NULL for all).
WITH sold AS (
    SELECT t.outlet_id, t.local_day AS day,
           coalesce(sum(t.to_pay - t.returned_money) FILTER (WHERE t.with_client), 0) AS money_with,
           coalesce(sum(t.receipts - t.voids::bigint) FILTER (WHERE t.with_client), 0) AS receipts_with,
           coalesce(sum(t.to_pay - t.returned_money) FILTER (WHERE NOT t.with_client), 0) AS money_sent,
           coalesce(sum(t.receipts - t.voids::bigint) FILTER (WHERE NOT t.with_client), 0) AS receipts_sent,
           bool_or(NOT t.with_client) AS sends_all,
           sum(t.discount - t.returned_discount) AS discount,
           sum(t.points_value - t.returned_points_value) AS points_value,
           sum(t.points_earned - t.returned_earned) AS earned,
           sum(t.points_redeemed - t.returned_points) AS redeemed,
           coalesce(sum(t.returned_money) FILTER (WHERE t.with_client), 0) AS returned
      FROM insights_daytotals t
     WHERE t.program_id = %(program)s AND t.merchant_id = %(merchant)s
       AND t.local_day BETWEEN (%(since)s::date[])[1] AND %(until)s
       AND (%(outlets)s::bigint[] IS NULL OR t.outlet_id = ANY (%(outlets)s::bigint[]))
     GROUP BY 1, 2
), told AS (
    SELECT z.outlet_id, z.day, z.total, z.receipts
      FROM insights_zreport z
     WHERE z.program_id = %(program)s AND z.merchant_id = %(merchant)s
       AND z.day BETWEEN (%(since)s::date[])[1] AND %(until)s
       AND (%(outlets)s::bigint[] IS NULL OR z.outlet_id = ANY (%(outlets)s::bigint[]))
), known AS (
    SELECT coalesce(s.outlet_id, z.outlet_id) AS outlet_id, coalesce(s.day, z.day) AS day,
           coalesce(s.money_with, 0) AS money_with, coalesce(s.receipts_with, 0) AS receipts_with,
           CASE WHEN z.total IS NULL THEN s.money_sent
                ELSE greatest(z.total - coalesce(s.money_with, 0), 0) END AS money_without,
           CASE WHEN z.total IS NULL THEN s.receipts_sent
                ELSE greatest(z.receipts - coalesce(s.receipts_with, 0), 0) END AS receipts_without,
           z.total IS NOT NULL AS by_z, z.total IS NOT NULL OR coalesce(s.sends_all, false) AS is_whole,
           coalesce(s.discount, 0) AS discount, coalesce(s.points_value, 0) AS points_value,
           coalesce(s.earned, 0) AS earned, coalesce(s.redeemed, 0) AS redeemed, coalesce(s.returned, 0) AS returned
      FROM sold s FULL JOIN told z ON z.outlet_id = s.outlet_id AND z.day = s.day
), parted AS (
    SELECT known.*, width_bucket(day, %(since)s::date[]) - 1 AS part FROM known
)
SELECT day, CASE WHEN grouping(day) = 1 THEN part END AS part, outlet_id,
       sum(money_with) AS money_with, sum(receipts_with) AS receipts_with,
       sum(money_without) AS money_without, coalesce(sum(receipts_without), 0) AS receipts_without,
       coalesce(sum(money_without) FILTER (WHERE receipts_without IS NOT NULL), 0) AS money_counted,
       coalesce(sum(money_with) FILTER (WHERE is_whole), 0) AS with_of_whole,
       coalesce(sum(money_with + money_without) FILTER (WHERE is_whole), 0) AS whole,
       count(*) AS shifts, count(*) FILTER (WHERE is_whole) AS whole_shifts, count(*) FILTER (WHERE by_z) AS z_shifts,
       sum(discount) AS discount, sum(points_value) AS points_value, sum(earned) AS earned, sum(redeemed) AS redeemed,
       sum(returned) AS returned
  FROM parted
 GROUP BY GROUPING SETS ((day), (part, outlet_id))
