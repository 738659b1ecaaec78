-- The receipts that begin in a span of lines. Their accounts are locked. Parameters: merchant, source, now.
WITH mine AS MATERIALIZED (
    SELECT l.*, row_number() OVER (PARTITION BY l.head ORDER BY l.id) AS position
      FROM clients_receiptimportline l WHERE l.head BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh'
), heads AS (
    SELECT m.head, min(m.outlet) AS outlet, min(m.day) AS day, min(m.key) AS key, min(m.at) AS at,
           coalesce(min(m.number), '') AS number, sum(m.amount) AS total, max(m.account) AS account
      FROM mine m GROUP BY m.head
), receipts AS (
    INSERT INTO loyalty_pastreceipt (program_id, merchant_id, outlet_id, account_id, key, receipt_number, occurred_at,
           local_day, total, source, row, created_at)
    SELECT %(program)s, %(merchant)s, h.outlet, coalesce(a.merged_into_id, a.id), h.key, h.number, h.at, h.day,
           h.total, %(source)s, h.head %% 2097152, %(now)s
      FROM heads h
      LEFT JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = h.account AND a.status <> 'removed'
     ORDER BY h.head
        ON CONFLICT DO NOTHING
    RETURNING id, row
), lines AS (
    INSERT INTO loyalty_pastreceiptline (program_id, receipt_id, position, sku, name, category, brand, quantity, price,
           amount)
    SELECT %(program)s, r.id, m.position, coalesce(m.sku, ''), coalesce(m.product, ''), coalesce(m.category, ''),
           coalesce(m.brand, ''), m.quantity, m.price, m.amount
      FROM receipts r JOIN mine m ON m.head %% 2097152 = r.row
)
SELECT (SELECT count(*) FROM heads), (SELECT count(*) FROM receipts)
