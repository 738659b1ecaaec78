-- Whoever can not be reached from somebody outside of all rings is in one, or behind one.
WITH RECURSIVE links AS MATERIALIZED (
    SELECT l.id, l.account, l.invited_by FROM clients_clientimportline l
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh' AND l.invited_by IS NOT NULL
), good AS (
    SELECT k.id, k.account FROM links k
     WHERE NOT EXISTS (SELECT FROM links o WHERE o.account = k.invited_by)
    UNION ALL
    SELECT k.id, k.account FROM links k JOIN good g ON k.invited_by = g.account
)
UPDATE clients_clientimportline l
   SET invited_by = NULL, problems = coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(
       jsonb_build_object('column', 'referrer', 'code', 'circle', 'value', l.referrer))
  FROM links k WHERE l.id = k.id AND NOT EXISTS (SELECT FROM good g WHERE g.id = k.id)
