-- Of several lines with one phone the first stands.
WITH twice AS (
    SELECT l.phone, min(l.id) AS first FROM clients_clientimportline l
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome <> 'refused' AND l.phone IS NOT NULL GROUP BY l.phone HAVING count(*) > 1
)
UPDATE clients_clientimportline l
   SET outcome = 'refused', problems = coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(jsonb_strip_nulls(
           jsonb_build_object('column', 'phone', 'code', 'repeated_phone', 'value', l.phone, 'first', t.first %% 2097152)))
  FROM twice t WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome <> 'refused' AND l.phone = t.phone AND l.id > t.first
