-- The receipts of a local day, and what came back on it. A receipt that was moved to another client is no sale, and its
-- void no return: what was sold, and when, stands in the one in its place. Parameters: program, day, begins, ends.
INSERT INTO insights_daytotals (
    program_id, merchant_id, outlet_id, till_id, cashier, local_day, with_client,
    receipts, total, discount, points_redeemed, points_value, to_pay, points_earned,
    returns, voids, returned_money, returned_discount, returned_points, returned_points_value, returned_earned)
SELECT %(program)s, merchant_id, outlet_id, till_id, cashier, %(day)s, with_client,
       sum(receipts), sum(total), sum(discount), sum(points_redeemed), sum(points_value), sum(to_pay),
       sum(points_earned), sum(returns), sum(voids), sum(returned_money), sum(returned_discount),
       sum(returned_points), sum(returned_points_value), sum(returned_earned)
  FROM (
    SELECT s.merchant_id, s.outlet_id, s.till_id, s.cashier, s.account_id IS NOT NULL AS with_client,
           count(*) AS receipts, sum(s.total) AS total, sum(s.discount) AS discount,
           sum(s.points_redeemed) AS points_redeemed, sum(s.points_value) AS points_value, sum(s.to_pay + s.turnover_off) AS to_pay,
           sum(s.points_earned) AS points_earned, 0 AS returns, 0 AS voids, 0 AS returned_money,
           0 AS returned_discount, 0 AS returned_points, 0 AS returned_points_value, 0 AS returned_earned
      FROM loyalty_sale s
     WHERE s.program_id = %(program)s AND s.local_day = %(day)s AND s.status IN ('committed', 'voided')
       -- Anybody may key in the reason; only a move leaves such a receipt.
       AND NOT (s.status = 'voided' AND EXISTS (
           SELECT FROM loyalty_return v JOIN loyalty_sale n
               ON n.program_id = v.program_id AND n.local_day = %(day)s AND n.replaces_id = v.sale_id
              AND n.flags @> '["moved_by_hand"]'
            WHERE v.program_id = s.program_id AND v.sale_id = s.id AND v.is_void AND v.reason = 'moved'))
     GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT s.merchant_id, s.outlet_id, s.till_id, s.cashier, s.account_id IS NOT NULL,
           0, 0, 0, 0, 0, 0, 0, count(*), count(*) FILTER (WHERE r.is_void), sum(r.money + r.turnover_off),
           -- The discount goes with the goods, in proportion to what was left of their price.
           sum(CASE WHEN s.total > s.discount
                    THEN round(s.discount * (r.money + r.points_value + r.certificates_back) / (s.total - s.discount), 2)
                    WHEN r.is_void THEN s.discount ELSE 0 END),
           sum(r.points_back), sum(r.points_value), sum(r.earned_taken)
      FROM loyalty_return r JOIN loyalty_sale s ON s.id = r.sale_id
     WHERE r.program_id = %(program)s AND r.created_at >= %(begins)s AND r.created_at < %(ends)s
       AND NOT (r.is_void AND r.reason = 'moved' AND EXISTS (
           SELECT FROM loyalty_sale n
            WHERE n.program_id = r.program_id AND n.local_day = s.local_day AND n.replaces_id = s.id
              AND n.flags @> '["moved_by_hand"]'))
     GROUP BY 1, 2, 3, 4, 5
  ) parts
 GROUP BY merchant_id, outlet_id, till_id, cashier, with_client
