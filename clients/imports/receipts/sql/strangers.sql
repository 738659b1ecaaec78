-- Lines of receipts whose client nobody knows. Parameter: refuse.
WITH strange AS (
    SELECT l.head, min(l.client) AS client FROM clients_receiptimportline l
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.head IS NOT NULL
     GROUP BY l.head HAVING max(l.client) IS NOT NULL AND max(l.account) IS NULL
)
UPDATE clients_receiptimportline l
   SET outcome = CASE WHEN %(refuse)s THEN 'refused' ELSE l.outcome END,
       problems = coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(
           jsonb_build_object('column', 'client', 'code', CASE WHEN %(refuse)s THEN 'unknown_client' ELSE 'no_client' END, 'value', s.client))
  FROM strange s WHERE l.id = s.head AND l.outcome <> 'refused'
