SELECT count(*) FILTER (WHERE l.outcome = 'fresh' AND l.id = l.head),
       count(*) FILTER (WHERE l.outcome = 'same' AND l.id = l.head),
       count(*) FILTER (WHERE l.outcome = 'refused'),
       count(*) FILTER (WHERE l.outcome <> 'refused' AND l.problems IS NOT NULL),
       count(*) FILTER (WHERE l.outcome = 'fresh'),
       coalesce(sum(l.amount) FILTER (WHERE l.outcome = 'fresh'), 0),
       count(DISTINCT l.head) FILTER (WHERE l.outcome = 'fresh' AND l.account IS NOT NULL),
       count(DISTINCT l.account) FILTER (WHERE l.outcome = 'fresh'),
       min(l.day) FILTER (WHERE l.outcome = 'fresh'), max(l.day) FILTER (WHERE l.outcome = 'fresh')
  FROM clients_receiptimportline l WHERE l.id BETWEEN %(first)s AND %(last)s
