-- Which lines are one receipt, and whose it is. Lines without a number are receipts of their own: alike ones are counted.
WITH numbered AS (
    SELECT l.id, l.client, l.number IS NULL AS bare,
           row_number() OVER (PARTITION BY l.outlet, l.day, l.key ORDER BY l.id) AS n,
           min(l.id) OVER (PARTITION BY l.outlet, l.day, l.key) AS head
      FROM clients_receiptimportline l WHERE l.id BETWEEN %(first)s AND %(last)s AND l.key IS NOT NULL
), known AS (
    SELECT DISTINCT ON (c.number) c.number, coalesce(a.merged_into_id, a.id) AS account
      FROM (SELECT DISTINCT client FROM numbered WHERE client IS NOT NULL) asked
      JOIN loyalty_card c ON c.program_id = %(program)s AND c.number = asked.client
      JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = c.account_id AND a.status <> 'removed'
     ORDER BY c.number, c.id
)
UPDATE clients_receiptimportline l
   SET head = CASE WHEN n.bare THEN n.id ELSE n.head END,
       key = CASE WHEN n.bare AND n.n > 1 THEN l.key || '/' || n.n ELSE l.key END,
       account = k.account
  FROM numbered n LEFT JOIN known k ON k.number = n.client
 WHERE l.id = n.id
