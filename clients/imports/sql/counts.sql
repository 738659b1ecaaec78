-- What was found.
SELECT count(*) FILTER (WHERE l.outcome = 'fresh'), count(*) FILTER (WHERE l.outcome = 'change'),
       count(*) FILTER (WHERE l.outcome = 'same'), count(*) FILTER (WHERE l.outcome = 'refused'),
       count(*) FILTER (WHERE l.outcome <> 'refused' AND l.problems IS NOT NULL),
       coalesce(sum(l.points) FILTER (WHERE l.outcome = 'fresh'), 0),
       count(*) FILTER (WHERE l.outcome = 'fresh' AND l.points > 0),
       coalesce(sum((l.changes->'points'->>1)::numeric), 0), count(*) FILTER (WHERE l.changes ? 'points')
  FROM clients_clientimportline l WHERE l.id BETWEEN %(first)s AND %(last)s
