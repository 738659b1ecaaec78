-- What must hold in the books, for `manage.py audit`. Each check is one statement, so that it sees one moment even
-- while tills sell, and returns what is wrong: programme, id of the subject, the figures.
-- Parameters: programs (ids), now. The header of a check: name, subject, sentence.

-- check points-or-debt | account | An account has points or a debt, never both, and neither is negative.
SELECT a.program_id, a.id, format('points %%s, debt %%s', a.points, a.debt)
  FROM loyalty_account a
 WHERE a.program_id = ANY (%(programs)s) AND (a.points < 0 OR a.debt < 0 OR (a.points > 0 AND a.debt > 0))

-- check points-are-lots | account | Points are the sum of the rests of the account's lots.
SELECT a.program_id, a.id, format('points %%s, lots %%s', a.points, coalesce(l.rest, 0))
  FROM loyalty_account a
  LEFT JOIN (SELECT account_id, sum(rest) AS rest FROM loyalty_lot
              WHERE program_id = ANY (%(programs)s) AND rest <> 0 GROUP BY account_id) l ON l.account_id = a.id
 WHERE a.program_id = ANY (%(programs)s) AND a.points <> coalesce(l.rest, 0)

-- check balance-is-last-entry | account | The balance (points less debt) is the one after the last entry.
SELECT a.program_id, a.id, format('balance %%s, last entry %%s', a.points - a.debt, coalesce(e.balance_after, 0))
  FROM loyalty_account a
  LEFT JOIN LATERAL (SELECT e.balance_after FROM loyalty_entry e
                      WHERE e.program_id = a.program_id AND e.account_id = a.id ORDER BY e.id DESC LIMIT 1) e ON true
 WHERE a.program_id = ANY (%(programs)s) AND a.points - a.debt <> coalesce(e.balance_after, 0)

-- check entries-follow | entry | Each entry starts from the balance that the one before it left.
SELECT e.program_id, e.id, format('account %%s: %%s and %%s make %%s', e.account_id, e.before, e.points, e.balance_after)
  FROM (SELECT program_id, id, account_id, points, balance_after,
               lag(balance_after, 1, 0::numeric) OVER (PARTITION BY program_id, account_id ORDER BY id) AS before
          FROM loyalty_entry WHERE program_id = ANY (%(programs)s)) e
 WHERE e.before + e.points <> e.balance_after

-- check entry-parts | entry | An entry moves lots by no more than its points, and in their direction; the rest is debt.
SELECT e.program_id, e.id, format('account %%s: %%s of %%s points, lots %%s by %%s',
                                  e.account_id, e.kind, e.points, e.lots, e.parts)
  FROM loyalty_entry e
 CROSS JOIN LATERAL (SELECT coalesce(sum(x.part), 0) AS sum, count(*) - count(DISTINCT x.lot) AS repeated,
                            bool_or(x.part * e.points < 0 OR x.lot IS NULL OR x.part IS NULL) AS wrong
                       FROM unnest(e.lots, e.parts) AS x(lot, part)) p
 WHERE e.program_id = ANY (%(programs)s)
   AND (p.wrong OR p.repeated > 0 OR abs(p.sum) > abs(e.points)
        OR (e.kind IN ('opening', 'earn', 'reinstate') AND e.points < 0)
        OR (e.kind IN ('redeem', 'expire', 'clawback') AND e.points > 0)
        OR (e.kind = 'expire' AND p.sum <> e.points))

-- check lot-rest | lot | The rest of a lot is between nothing and all of it.
SELECT l.program_id, l.id, format('account %%s: %%s of %%s', l.account_id, l.rest, l.amount)
  FROM loyalty_lot l
 WHERE l.program_id = ANY (%(programs)s) AND (l.rest < 0 OR l.rest > l.amount)

-- check lot-history | lot | The rest of a lot is what its one first entry put there and later ones took.
SELECT l.program_id, l.id, format('account %%s: rest %%s of %%s, entries %%s, of them %%s opening it with %%s',
                                  l.account_id, l.rest, l.amount, coalesce(m.sum, 0), coalesce(m.openings, 0), m.opened)
  FROM loyalty_lot l
  LEFT JOIN (SELECT x.lot, sum(x.part) AS sum, count(*) FILTER (WHERE x.part >= 0) AS openings,
                    sum(e.points) FILTER (WHERE x.part >= 0) AS opened
               FROM loyalty_entry e CROSS JOIN LATERAL unnest(e.lots, e.parts) AS x(lot, part)
              WHERE e.program_id = ANY (%(programs)s)
              GROUP BY x.lot) m ON m.lot = l.id
 WHERE l.program_id = ANY (%(programs)s)
   AND (l.rest <> coalesce(m.sum, 0) OR m.openings IS DISTINCT FROM 1 OR m.opened IS DISTINCT FROM l.amount)

-- check entry-lots | entry | An entry moves lots of its own account.
SELECT e.program_id, e.id, format('account %%s, lot %%s of account %%s', e.account_id, e.lot, l.account_id)
  FROM (SELECT program_id, id, account_id, unnest(lots) AS lot
          FROM loyalty_entry WHERE program_id = ANY (%(programs)s)) e
  LEFT JOIN loyalty_lot l ON l.id = e.lot
 WHERE (l.account_id IS DISTINCT FROM e.account_id OR l.program_id IS DISTINCT FROM e.program_id)

-- check entry-sale | entry | An entry of a sale is in the books of its client, of an account merged with his, or of who invited.
SELECT e.program_id, e.id, format('account %%s, sale %%s of account %%s', e.account_id, e.sale_id, s.account_id)
  FROM loyalty_entry e
  JOIN loyalty_sale s ON s.id = e.sale_id
  LEFT JOIN loyalty_families(%(programs)s) mine ON mine.account_id = e.account_id
  LEFT JOIN loyalty_families(%(programs)s) theirs ON theirs.account_id = s.account_id
 WHERE e.program_id = ANY (%(programs)s)
   AND s.account_id IS DISTINCT FROM e.account_id AND (mine.head = theirs.head) IS NOT TRUE
   AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(s.consequences->'awards') w
                     LEFT JOIN loyalty_families(%(programs)s) f ON f.account_id = (w->>'account')::bigint
                    WHERE (w->>'account')::bigint = e.account_id OR f.head = mine.head)

-- check entry-return | entry | An entry of a return is an entry of the sale that was returned.
SELECT e.program_id, e.id, format('return %%s of sale %%s, entry of sale %%s', r.id, r.sale_id, e.sale_id)
  FROM loyalty_entry e
  JOIN loyalty_return r ON r.id = e.given_back_id
 WHERE e.program_id = ANY (%(programs)s) AND r.sale_id IS DISTINCT FROM e.sale_id

-- check lot-origin | lot | A lot of returned or moved points names a lot of the same client, and has a sale of its client or of one whom he invited.
SELECT l.program_id, l.id, format('account %%s, origin %%s of %%s, sale %%s of %%s',
                                  l.account_id, o.id, o.account_id, s.id, s.account_id)
  FROM loyalty_lot l
  LEFT JOIN loyalty_lot o ON o.id = l.origin_id
  LEFT JOIN loyalty_sale s ON s.id = l.sale_id
  LEFT JOIN loyalty_families(%(programs)s) mine ON mine.account_id = l.account_id
  LEFT JOIN loyalty_families(%(programs)s) its ON its.account_id = o.account_id
  LEFT JOIN loyalty_families(%(programs)s) theirs ON theirs.account_id = s.account_id
 WHERE l.program_id = ANY (%(programs)s)
   AND ((o.id IS NOT NULL AND o.account_id <> l.account_id AND (mine.head = its.head) IS NOT TRUE)
        OR (s.id IS NOT NULL AND s.account_id IS DISTINCT FROM l.account_id AND (mine.head = theirs.head) IS NOT TRUE
            AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(s.consequences->'awards') w
                              LEFT JOIN loyalty_families(%(programs)s) f ON f.account_id = (w->>'account')::bigint
                             WHERE (w->>'account')::bigint = l.account_id OR f.head = mine.head)))

-- Reservations whose time has passed are without effect: their lots may have been spent by others since.
-- check reservation-of-hold | reservation | Only holds keep points, those of their own client, and no more than they spend.
SELECT r.program_id, r.id, format('sale %%s is %%s', s.id, s.status)
  FROM loyalty_reservation r
  JOIN loyalty_sale s ON s.id = r.sale_id
  JOIN loyalty_lot l ON l.id = r.lot_id
 WHERE r.program_id = ANY (%(programs)s)
   AND (s.status <> 'held' OR r.until IS DISTINCT FROM s.hold_until OR s.account_id IS DISTINCT FROM r.account_id
        OR l.account_id <> r.account_id
        OR (SELECT sum(o.points) FROM loyalty_reservation o
             WHERE o.program_id = r.program_id AND o.sale_id = r.sale_id) > s.points_redeemed)

-- check reservation-within-lot | lot | Living holds keep no more of a lot than there is.
SELECT l.program_id, l.id, format('account %%s: rest %%s, kept %%s', l.account_id, l.rest, r.points)
  FROM (SELECT lot_id, sum(points) AS points FROM loyalty_reservation
         WHERE program_id = ANY (%(programs)s) AND until > %(now)s GROUP BY lot_id) r
  JOIN loyalty_lot l ON l.id = r.lot_id
 WHERE r.points > l.rest

-- check sale-sums | sale | A sale's total is its discount and what was paid by points, certificates and money.
SELECT s.program_id, s.id, format('%%s = %%s + %%s + %%s + %%s',
                                  s.total, s.discount, s.points_value, s.certificates_paid, s.to_pay)
  FROM loyalty_sale s
 WHERE s.program_id = ANY (%(programs)s)
   AND s.total <> s.discount + s.points_value + s.certificates_paid + s.to_pay

-- check line-sums | line | A line's amount is its discount and what was paid by points, certificates and money.
SELECT l.program_id, l.id, format('%%s = %%s + %%s + %%s + %%s', l.amount, l.discount, l.points_value, l.certificate, l.paid)
  FROM loyalty_saleline l
 WHERE l.program_id = ANY (%(programs)s)
   AND (l.amount <> l.discount + l.points_value + l.certificate + l.paid
        OR least(l.discount, l.points_value, l.points, l.certificate, l.paid, l.earned) < 0)

-- check sale-is-its-lines | sale | The sums of a sale are those of its lines, and what was given for it as a whole.
SELECT s.program_id, s.id, format('sale %%s, lines %%s and %%s points',
           (s.total, s.discount, s.points_value, s.points_redeemed, s.certificates_paid, s.to_pay, s.points_earned),
           (l.amount, l.discount, l.points_value, l.points, l.certificate, l.paid, l.earned), g.points)
  FROM loyalty_sale s
 CROSS JOIN LATERAL (SELECT coalesce(sum((g->>'points')::numeric) FILTER (WHERE (g->>'one_off')::boolean
                                                                    AND g->>'rule' NOT LIKE 'gift:%%'), 0) AS points
                       FROM jsonb_array_elements(s.earnings) g) g
  LEFT JOIN (SELECT sale_id, sum(amount) AS amount, sum(discount) AS discount, sum(points_value) AS points_value,
                    sum(points) AS points, sum(certificate) AS certificate, sum(paid) AS paid, sum(earned) AS earned
               FROM loyalty_saleline WHERE program_id = ANY (%(programs)s) GROUP BY program_id, sale_id) l
    ON l.sale_id = s.id
 WHERE s.program_id = ANY (%(programs)s)
   AND (s.total, s.discount, s.points_value, s.points_redeemed, s.certificates_paid, s.to_pay, s.points_earned)
       IS DISTINCT FROM (l.amount, l.discount, l.points_value, l.points, l.certificate, l.paid, l.earned + g.points)

-- check sale-entries | sale | A sale's entries spend and earn what the sale says; a hold has none.
SELECT s.program_id, s.id, format('%%s: redeemed %%s, entries %%s; earned %%s (%%s with gifts), entries %%s', s.status,
           s.points_redeemed, coalesce(e.redeemed, 0), s.points_earned, g.points, coalesce(e.earned, 0))
  FROM loyalty_sale s
 CROSS JOIN LATERAL (SELECT coalesce(sum((g->>'points')::numeric), 0) AS points,
                            coalesce(sum((g->>'points')::numeric) FILTER (WHERE g->>'rule' NOT LIKE 'gift:%%'), 0) AS base
                       FROM jsonb_array_elements(s.earnings) g) g
  LEFT JOIN loyalty_families(%(programs)s) theirs ON theirs.account_id = s.account_id
  LEFT JOIN (SELECT n.sale_id, coalesce(f.head, n.account_id) AS client,
                    -sum(n.points) FILTER (WHERE n.kind = 'redeem') AS redeemed,
                    sum(n.points) FILTER (WHERE n.kind = 'earn') AS earned
               FROM loyalty_entry n LEFT JOIN loyalty_families(%(programs)s) f ON f.account_id = n.account_id
              WHERE n.program_id = ANY (%(programs)s) AND n.sale_id IS NOT NULL
              GROUP BY n.sale_id, coalesce(f.head, n.account_id)) e
    ON e.sale_id = s.id AND e.client = coalesce(theirs.head, s.account_id)
 WHERE s.program_id = ANY (%(programs)s)
   AND (s.points_earned <> g.base
        OR coalesce(e.redeemed, 0) <> CASE WHEN s.status IN ('committed', 'voided') THEN s.points_redeemed ELSE 0 END
        OR coalesce(e.earned, 0) <> CASE WHEN s.status IN ('committed', 'voided') THEN g.points ELSE 0 END)

-- check return-is-its-lines | return | The sums of a return are those of its lines.
SELECT r.program_id, r.id, format('sale %%s: return %%s, lines %%s', r.sale_id,
           (r.money, r.points_value, r.points_back, r.certificates_back, r.earned_called),
           (l.money, l.points_value, l.points, l.certificate, l.earned))
  FROM loyalty_return r
  LEFT JOIN (SELECT given_back_id, sum(money) AS money, sum(points_value) AS points_value, sum(points) AS points,
                    sum(certificate) AS certificate, sum(earned) AS earned,
                    bool_or(value <> money + points_value + certificate) AS wrong
               FROM loyalty_returnline WHERE program_id = ANY (%(programs)s) GROUP BY given_back_id) l
    ON l.given_back_id = r.id
 WHERE r.program_id = ANY (%(programs)s)
   AND (l.wrong OR (r.money, r.points_value, r.points_back, r.certificates_back, r.earned_called)
       IS DISTINCT FROM (coalesce(l.money, 0), coalesce(l.points_value, 0), coalesce(l.points, 0),
                         coalesce(l.certificate, 0), coalesce(l.earned, 0)))

-- check return-entries | return | A return's entries give back and take back what the return says.
SELECT r.program_id, r.id, format('sale %%s: back %%s, entries %%s; called %%s, taken %%s, expired %%s, forgiven %%s, entries %%s',
           r.sale_id, r.points_back, coalesce(e.back, 0), r.earned_called, r.earned_taken, r.earned_expired,
           r.earned_forgiven, coalesce(e.taken, 0))
  FROM loyalty_return r
  LEFT JOIN (SELECT given_back_id, sum(points) FILTER (WHERE kind = 'reinstate') AS back,
                    -sum(points) FILTER (WHERE kind = 'clawback' AND rule = 'return') AS taken
               FROM loyalty_entry WHERE program_id = ANY (%(programs)s) AND given_back_id IS NOT NULL
              GROUP BY given_back_id) e ON e.given_back_id = r.id
 WHERE r.program_id = ANY (%(programs)s)
   AND (coalesce(e.back, 0) <> r.points_back OR coalesce(e.taken, 0) <> r.earned_taken
        OR r.earned_called <> r.earned_taken + r.earned_expired + r.earned_forgiven
        OR least(r.earned_taken, r.earned_expired, r.earned_forgiven) < 0)

-- check return-within-sale | line | Of a line comes back no more than was sold, and all of it where the sale is voided.
SELECT l.program_id, l.id, format('sale %%s: sold %%s, returned %%s', l.sale_id,
           (l.quantity, l.paid, l.points_value, l.points, l.certificate, l.earned),
           (b.quantity, b.money, b.points_value, b.points, b.certificate, b.earned))
  FROM (SELECT line_id, sum(quantity) AS quantity, sum(money) AS money, sum(points_value) AS points_value,
               sum(points) AS points, sum(certificate) AS certificate, sum(earned) AS earned,
               min(least(quantity, money, points_value, points, certificate, earned)) AS least
          FROM loyalty_returnline WHERE program_id = ANY (%(programs)s) GROUP BY line_id) b
  JOIN loyalty_saleline l ON l.id = b.line_id
  JOIN loyalty_sale s ON s.id = l.sale_id
 WHERE b.quantity > l.quantity OR b.money > l.paid OR b.points_value > l.points_value OR b.points > l.points
    OR b.certificate > l.certificate OR b.earned > l.earned OR b.least < 0
    OR s.status NOT IN ('committed', 'voided')
    OR (s.status = 'voided' AND (l.paid, l.points_value, l.points, l.certificate, l.earned)
        IS DISTINCT FROM (b.money, b.points_value, b.points, b.certificate, b.earned))

-- check voided-is-returned | sale | A voided sale has given back all that was paid for it.
SELECT s.program_id, s.id, format('paid %%s and %%s points, returned %%s and %%s',
                                  s.to_pay, s.points_redeemed, coalesce(r.money, 0), coalesce(r.points, 0))
  FROM loyalty_sale s
  LEFT JOIN (SELECT sale_id, sum(money) AS money, sum(points_back) AS points FROM loyalty_return
              WHERE program_id = ANY (%(programs)s) GROUP BY sale_id) r ON r.sale_id = s.id
 WHERE s.program_id = ANY (%(programs)s) AND s.status = 'voided'
   AND (s.to_pay <> coalesce(r.money, 0) OR s.points_redeemed <> coalesce(r.points, 0))

-- check counters | account | The counters of an account are those of its purchases, less what came back, and what was brought along.
SELECT a.program_id, a.id, format('account %%s, sales %%s',
           (a.purchases, a.visits, a.spent, a.first_purchase_at, a.last_purchase_at),
           (coalesce(s.purchases, 0), coalesce(s.visits, 0), coalesce(s.spent, 0), s.first, s.last))
  FROM loyalty_account a
  LEFT JOIN (SELECT CASE WHEN o.merged_into_id IS NULL THEN o.id ELSE loyalty_living(o.program_id, o.id) END AS account_id,
                    sum(n.spent) AS spent, sum(n.visits) AS visits, sum(n.purchases) AS purchases,
                    min(n.first_purchase_at) AS first_purchase_at
               FROM loyalty_broughtalong n JOIN loyalty_account o ON o.id = n.account_id
              WHERE n.program_id = ANY (%(programs)s) GROUP BY 1) b ON b.account_id = a.id
  LEFT JOIN (SELECT s.account_id, count(*) FILTER (WHERE s.status = 'committed') AS purchases,
                    count(*) FILTER (WHERE s.status = 'committed' AND s.is_visit) AS visits,
                    sum(s.to_pay + s.turnover_off - coalesce(r.money, 0)) AS spent,
                    min(s.occurred_at) FILTER (WHERE s.status = 'committed') AS first,
                    max(s.occurred_at) FILTER (WHERE s.status = 'committed') AS last
               FROM loyalty_sale s
               LEFT JOIN (SELECT sale_id, sum(money + turnover_off) AS money FROM loyalty_return
                           WHERE program_id = ANY (%(programs)s) GROUP BY sale_id) r ON r.sale_id = s.id
              WHERE s.program_id = ANY (%(programs)s) AND s.account_id IS NOT NULL
                AND s.status IN ('committed', 'voided')
              GROUP BY s.account_id) s ON s.account_id = a.id
 WHERE a.program_id = ANY (%(programs)s)
   AND (a.purchases, a.visits, a.spent, a.first_purchase_at, a.last_purchase_at)
       IS DISTINCT FROM (coalesce(s.purchases, 0) + coalesce(b.purchases, 0),
                         coalesce(s.visits, 0) + coalesce(b.visits, 0), coalesce(s.spent, 0) + coalesce(b.spent, 0),
                         least(s.first, b.first_purchase_at), s.last)

-- check one-visit-a-day | account | Of a client's purchases of one day exactly one is the visit.
SELECT s.program_id, s.account_id, format('%%s: %%s visits', s.local_day, s.visits)
  FROM (SELECT program_id, account_id, local_day, count(*) FILTER (WHERE is_visit) AS visits
          FROM loyalty_sale
         WHERE program_id = ANY (%(programs)s) AND account_id IS NOT NULL AND status = 'committed'
         GROUP BY program_id, account_id, local_day) s
 WHERE s.visits <> 1

-- check merged-is-empty | account | An account merged into another has nothing any more: no points, debt, cards, receipts.
SELECT a.program_id, a.id, format('%%s, merged into %%s: points %%s, debt %%s, %%s cards, %%s receipts', a.status,
                                  a.merged_into_id, a.points, a.debt, c.cards, s.sales)
  FROM loyalty_account a
 CROSS JOIN LATERAL (SELECT count(*) AS cards FROM loyalty_card WHERE account_id = a.id) c
 CROSS JOIN LATERAL (SELECT count(*) AS sales FROM loyalty_sale
                      WHERE program_id = a.program_id AND account_id = a.id) s
 WHERE a.program_id = ANY (%(programs)s) AND (a.status = 'merged' OR a.merged_into_id IS NOT NULL)
   AND (a.status <> 'merged' OR a.merged_into_id IS NULL OR a.points <> 0 OR a.debt <> 0 OR c.cards > 0 OR s.sales > 0
        OR NOT EXISTS (SELECT FROM loyalty_accountmerge m
                        WHERE m.dropped_id = a.id AND m.kept_id = a.merged_into_id AND m.undone_at IS NULL))

-- check moved-between-two | accountmerge | What a merge took from one account it gave to the other, and its undoing likewise.
SELECT m.program_id, m.id, format('%%s: entries of %%s add up to %%s', e.rule, m.dropped_id, e.points)
  FROM loyalty_accountmerge m
  JOIN (SELECT program_id, rule, split_part(rule, ':', 2) AS number, sum(points) AS points
          FROM loyalty_entry WHERE program_id = ANY (%(programs)s) AND kind = 'move'
         GROUP BY program_id, rule) e ON e.program_id = m.program_id AND e.number = m.id::text
 WHERE m.program_id = ANY (%(programs)s) AND e.points <> 0

-- check answer-once | till | A till has one stored answer for a key.
SELECT k.program_id, k.till_id, format('key %%s: %%s answers', k.key, count(*))
  FROM loyalty_idempotencykey k
 WHERE k.program_id = ANY (%(programs)s)
 GROUP BY k.program_id, k.till_id, k.key HAVING count(*) > 1

-- check receipt-once | till | A till has one sale for a receipt of a day; a hold that ended does not count.
SELECT s.program_id, s.till_id, format('receipt %%s of %%s: %%s sales', s.receipt_number, s.local_day, count(*))
  FROM loyalty_sale s
 WHERE s.program_id = ANY (%(programs)s) AND s.receipt_number <> '' AND s.status <> 'ended'
 GROUP BY s.program_id, s.till_id, s.local_day, s.receipt_number HAVING count(*) > 1

-- check budget-share | budgetshare | What a till has given out of a budget is no more than what was lent to it.
SELECT h.program_id, h.id, format('budget %%s: given %%s of %%s', h.budget_id, h.given, h.lent)
  FROM loyalty_budgetshare h
 WHERE h.program_id = ANY (%(programs)s) AND (h.given > h.lent OR h.uses > h.lent_uses OR h.given < 0 OR h.uses < 0)

-- check budget-is-its-sales | budget | A budget has given what sales and clients' actions took out of it, less what came back.
SELECT b.program_id, b.id, format('%%s: given %%s, sales %%s, actions %%s', b.rule, h.given, coalesce(s.given, 0),
                                  coalesce(v.given, 0))
  FROM loyalty_budget b
  JOIN (SELECT budget_id, sum(given) AS given FROM loyalty_budgetshare
         WHERE program_id = ANY (%(programs)s) GROUP BY budget_id) h ON h.budget_id = b.id
  LEFT JOIN (SELECT s.program_id, t->>'rule' AS rule, sum((t->>'given')::numeric) AS given
               FROM loyalty_sale s CROSS JOIN LATERAL jsonb_array_elements(s.consequences->'budgets') t
              WHERE s.program_id = ANY (%(programs)s) AND s.status <> 'ended'
              GROUP BY 1, 2) s ON s.program_id = b.program_id AND s.rule = b.rule
  LEFT JOIN (SELECT v.program_id, v.rule, sum(v.points) AS given FROM loyalty_activity v
              WHERE v.program_id = ANY (%(programs)s) AND v.status = 'given'
              GROUP BY 1, 2) v ON v.program_id = b.program_id AND v.rule = b.rule
 WHERE b.program_id = ANY (%(programs)s) AND h.given > coalesce(s.given, 0) + coalesce(v.given, 0)

-- check certificate-rest | certificate | What is left of a certificate is the sum of its entries, within what it was issued for.
SELECT c.program_id, c.id, format('rest %%s, entries %%s', c.rest, coalesce(e.amount, 0))
  FROM loyalty_certificate c
  LEFT JOIN (SELECT certificate_id, sum(amount) AS amount,
                    (array_agg(rest_after ORDER BY id DESC))[1] AS last
               FROM loyalty_certificateentry WHERE program_id = ANY (%(programs)s) GROUP BY certificate_id) e
    ON e.certificate_id = c.id
 WHERE c.program_id = ANY (%(programs)s)
   AND (c.rest <> coalesce(e.amount, 0) OR c.rest IS DISTINCT FROM e.last OR c.rest > c.nominal OR c.rest < 0)

-- check certificate-entry-chain | certificateentry | An entry's rest is the one before it and its change.
SELECT e.program_id, e.id, format('certificate %%s: rest %%s after %%s and %%s', e.certificate_id, e.rest_after, e.before, e.amount)
  FROM (SELECT program_id, id, certificate_id, amount, rest_after,
               coalesce(lag(rest_after) OVER (PARTITION BY certificate_id ORDER BY id), 0) AS before
          FROM loyalty_certificateentry WHERE program_id = ANY (%(programs)s)) e
 WHERE e.rest_after <> e.before + e.amount

-- check certificate-of-sale | sale | What certificates paid of a sale, and got back of it, are the parts of their entries.
SELECT s.program_id, s.id, format('%%s: paid %%s, parts %%s; back %%s, parts %%s', s.status, s.certificates_paid,
                                  coalesce(e.paid, 0), coalesce(r.back, 0), coalesce(e.back, 0))
  FROM loyalty_sale s
  LEFT JOIN (SELECT sale_id, sum(p.part) FILTER (WHERE kind = 'redeem') AS paid,
                    sum(p.part) FILTER (WHERE kind = 'giveback') AS back
               FROM loyalty_certificateentry CROSS JOIN LATERAL unnest(parts) AS p(part)
              WHERE program_id = ANY (%(programs)s) AND sale_id IS NOT NULL GROUP BY sale_id) e ON e.sale_id = s.id
  LEFT JOIN (SELECT sale_id, sum(certificates_back) AS back FROM loyalty_return
              WHERE program_id = ANY (%(programs)s) GROUP BY sale_id) r ON r.sale_id = s.id
 WHERE s.program_id = ANY (%(programs)s)
   AND (coalesce(e.paid, 0) <> CASE WHEN s.status IN ('committed', 'voided') THEN s.certificates_paid ELSE 0 END
        OR coalesce(e.back, 0) <> coalesce(r.back, 0))

-- check certificate-kept | certificate | Living holds keep no more of a certificate than there is.
SELECT c.program_id, c.id, format('rest %%s, kept %%s', c.rest, r.amount)
  FROM (SELECT certificate_id, sum(amount) AS amount FROM loyalty_certificatereservation
         WHERE program_id = ANY (%(programs)s) AND until > %(now)s GROUP BY certificate_id) r
  JOIN loyalty_certificate c ON c.id = r.certificate_id
 WHERE r.amount > c.rest

-- check certificate-sold | sale | A line that sells a certificate has one, for its sum; voided, it is cancelled.
SELECT s.program_id, s.id, format('line %%s of %%s: certificate %%s for %%s', l.position, l.amount, c.id, c.nominal)
  FROM loyalty_saleline l
  JOIN loyalty_sale s ON s.id = l.sale_id
  LEFT JOIN loyalty_certificate c ON c.program_id = s.program_id AND c.sale_id = s.id AND c.line = l.position
 WHERE l.program_id = ANY (%(programs)s) AND l.marks & 8 = 8 AND s.status IN ('committed', 'voided')
   AND (c.id IS NULL OR c.nominal <> l.amount OR NOT c.is_sold OR (s.status = 'voided' AND c.cancelled_at IS NULL))

-- check gifts-in-stock | reward | What is left of a gift is what was put there less what was taken of it.
SELECT r.program_id, r.id, format('stock %%s, left %%s, taken %%s', r.stock, r.left, coalesce(x.taken, 0))
  FROM loyalty_reward r
  LEFT JOIN (SELECT reward_id, count(*) AS taken FROM loyalty_exchange
              WHERE program_id = ANY (%(programs)s) AND from_stock AND state <> 'cancelled' GROUP BY reward_id) x
    ON x.reward_id = r.id
 WHERE r.program_id = ANY (%(programs)s) AND r.stock IS NOT NULL AND r.left <> r.stock - coalesce(x.taken, 0)

-- check gift-is-paid | exchange | A gift was paid for by one entry, and a cancelled one's points are back, unless the client is erased.
SELECT x.program_id, x.id, format('%%s for %%s: spent %%s, back %%s', x.state, x.points, coalesce(e.spent, 0),
                                  coalesce(e.back, 0))
  FROM loyalty_exchange x
  JOIN loyalty_account a ON a.id = x.account_id
  LEFT JOIN (SELECT rule, -sum(points) FILTER (WHERE kind = 'redeem') AS spent,
                    sum(points) FILTER (WHERE kind = 'reinstate') AS back
               FROM loyalty_entry WHERE program_id = ANY (%(programs)s) AND rule LIKE 'reward:%%' GROUP BY rule) e
    ON e.rule = 'reward:' || replace(x.public_id::text, '-', '')
 WHERE x.program_id = ANY (%(programs)s)
   AND (coalesce(e.spent, 0) <> x.points
        OR (a.status <> 'removed'
            AND coalesce(e.back, 0) <> CASE WHEN x.state = 'cancelled' THEN x.points ELSE 0 END))

-- check promo-code-once | promocode | A code that is good once was used by one receipt, at the most.
SELECT c.program_id, c.id, format('%%s receipts', u.number)
  FROM loyalty_promocode c
  JOIN (SELECT code_id, count(*) AS number FROM loyalty_promocodeuse
         WHERE program_id = ANY (%(programs)s) AND code_id IS NOT NULL AND released_at IS NULL GROUP BY code_id) u
    ON u.code_id = c.id
 WHERE c.program_id = ANY (%(programs)s) AND u.number > 1

-- check promo-code-of-receipt | promocodeuse | A code is used as long as its receipt lasts, and by that receipt's client.
SELECT u.program_id, u.id, format('receipt %%s is %%s, released %%s, client %%s of %%s', s.id, s.status, u.released_at,
                                  u.account_id, s.account_id)
  FROM loyalty_promocodeuse u JOIN loyalty_sale s ON s.id = u.sale_id
 WHERE u.program_id = ANY (%(programs)s)
   AND ((u.released_at IS NULL) <> (s.status IN ('held', 'committed'))
            AND NOT (s.status = 'held' AND s.hold_until <= %(now)s)
        OR u.account_id IS DISTINCT FROM s.account_id)

-- check promo-codes-counted | promobatch | A batch with a limit was used as often as its budget has counted, and no oftener.
SELECT b.program_id, b.id, format('%%s receipts of %%s, counted %%s', coalesce(u.number, 0), b.total_limit,
                                  coalesce(h.uses, 0))
  FROM loyalty_promobatch b
  LEFT JOIN (SELECT u.batch_id, count(*) AS number
               FROM loyalty_promocodeuse u JOIN loyalty_sale s ON s.id = u.sale_id
              WHERE u.program_id = ANY (%(programs)s) AND s.status IN ('held', 'committed') GROUP BY u.batch_id) u
    ON u.batch_id = b.id
  LEFT JOIN (SELECT g.rule, sum(h.uses) AS uses
               FROM loyalty_budget g JOIN loyalty_budgetshare h ON h.budget_id = g.id AND h.program_id = g.program_id
              WHERE g.program_id = ANY (%(programs)s) AND g.rule LIKE 'promo:%%' GROUP BY g.rule) h
    ON h.rule = 'promo:' || b.id
 WHERE b.program_id = ANY (%(programs)s) AND b.total_limit IS NOT NULL
   AND (coalesce(u.number, 0) <> coalesce(h.uses, 0) OR coalesce(u.number, 0) > b.total_limit)
