-- One number on one day, and more than one client: nobody knows which lines belong together.
WITH mixed AS (
    SELECT l.head, min(l.client) AS one, max(l.client) AS other FROM clients_receiptimportline l
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.head IS NOT NULL
     GROUP BY l.head HAVING min(l.client) <> max(l.client)
)
UPDATE clients_receiptimportline l
   SET outcome = 'refused', problems = coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(
           jsonb_build_object('column', 'receipt', 'code', 'mixed_receipt', 'value', l.number))
  FROM mixed m WHERE l.head = m.head AND l.outcome <> 'refused'
