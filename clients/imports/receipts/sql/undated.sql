-- A line whose day or outlet is not understood belongs to the receipt of its number beside it: that one is not whole.
WITH broken AS (
    SELECT DISTINCT ON (n.head) n.head, l.row FROM clients_receiptimportline l
      JOIN clients_receiptimportline n ON n.id IN (l.id - 1, l.id + 1) AND n.number = l.number AND n.head IS NOT NULL
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'refused' AND l.head IS NULL ORDER BY n.head, l.row
)
UPDATE clients_receiptimportline l
   SET outcome = 'refused', problems = coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(
           jsonb_build_object('column', '', 'code', 'broken_receipt', 'first', b.row))
  FROM broken b WHERE l.head = b.head AND l.outcome <> 'refused'
