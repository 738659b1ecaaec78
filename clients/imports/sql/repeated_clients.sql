-- Two lines may name one known client, one by his phone and one by his card: the first stands.
WITH twice AS (
    SELECT l.account, min(l.id) AS first FROM clients_clientimportline l
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome IN ('same', 'change')
     GROUP BY l.account HAVING count(*) > 1
)
UPDATE clients_clientimportline l
   SET outcome = 'refused', changes = NULL,
       problems = jsonb_build_array(jsonb_build_object(
           'column', '', 'code', 'repeated_client', 'first', t.first %% 2097152))
  FROM twice t
 WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome IN ('same', 'change') AND l.account = t.account
   AND l.id > t.first
