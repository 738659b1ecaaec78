-- Where one line of a receipt is refused, so are the others.
WITH broken AS (
    SELECT l.head, min(l.row) AS row FROM clients_receiptimportline l
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'refused' AND l.head IS NOT NULL GROUP BY l.head
)
UPDATE clients_receiptimportline l
   SET outcome = 'refused', problems = coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(
           jsonb_build_object('column', '', 'code', 'broken_receipt', 'first', b.row))
  FROM broken b WHERE l.head = b.head AND l.outcome <> 'refused'
