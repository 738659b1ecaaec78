-- Receipts that were loaded before are left as they are; those that were sold here are no past ones.
WITH heads AS MATERIALIZED (
    SELECT l.head, min(l.outlet) AS outlet, min(l.day) AS day, min(l.key) AS key, min(l.number) AS number,
           sum(l.amount) AS total
      FROM clients_receiptimportline l
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh' GROUP BY l.head
), sold AS (
    SELECT DISTINCT h.head FROM heads h
      JOIN loyalty_sale s ON s.program_id = %(program)s AND s.local_day = h.day AND s.outlet_id = h.outlet
       AND s.receipt_number = h.number AND s.status IN ('committed', 'voided')
), judged AS (
    SELECT h.head, p.total AS was, p.total <> h.total AS differs, x.head IS NOT NULL AS sold
      FROM heads h
      LEFT JOIN loyalty_pastreceipt p ON p.program_id = %(program)s AND p.outlet_id = h.outlet
       AND p.local_day = h.day AND p.key = h.key
      LEFT JOIN sold x ON x.head = h.head
     WHERE p.id IS NOT NULL OR x.head IS NOT NULL
)
UPDATE clients_receiptimportline l
   SET outcome = CASE WHEN j.sold THEN 'refused' ELSE 'same' END,
       problems = CASE WHEN j.sold THEN coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(jsonb_build_object(
                           'column', 'receipt', 'code', 'sold_here', 'value', coalesce(l.number, '')))
                       WHEN j.differs AND l.id = j.head THEN jsonb_build_array(jsonb_build_object(
                           'column', 'amount', 'code', 'other_total', 'value', replace(j.was::text, '.', ',')))
                       WHEN l.id = j.head THEN NULL ELSE l.problems END
  FROM judged j WHERE l.head = j.head
