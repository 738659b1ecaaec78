-- Of several lines with one card the first stands.
WITH numbers AS (
    SELECT l.id, regexp_replace(c, '^v:', '') AS number FROM clients_clientimportline l
     CROSS JOIN LATERAL unnest(l.cards) c WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome <> 'refused'
), twice AS (
    SELECT number, min(id) AS first FROM numbers GROUP BY number HAVING count(*) > 1
), wrong AS (
    SELECT n.id, min(n.number) AS number, min(t.first) AS first FROM numbers n JOIN twice t USING (number)
     WHERE n.id > t.first GROUP BY n.id
)
UPDATE clients_clientimportline l
   SET outcome = 'refused', problems = coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(jsonb_strip_nulls(
           jsonb_build_object('column', 'card', 'code', 'repeated_card', 'value', w.number, 'first', w.first %% 2097152)))
  FROM wrong w WHERE l.id = w.id
