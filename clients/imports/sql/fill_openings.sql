-- New clients of a span into the table of loyalty.openings. Parameters: tier_until, inactive_at, now.
INSERT INTO pg_temp.opening (account, tier, manual_tier, manual_tier_until, spent, visits, birthday, any_year, tags, created_at,
       inactive_at, points, expires_at, phone, cards, virtual)
SELECT l.account, l.tier, l.manual_tier, CASE WHEN l.manual_tier IS NOT NULL THEN %(tier_until)s::timestamptz END,
       l.spent, l.visits, l.birthday, l.any_year, l.tags, coalesce(l.joined_at, %(now)s), %(inactive_at)s::timestamptz, l.points,
       l.expires_at, l.phone, l.cards, l.virtual
  FROM clients_clientimportline l
 WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh'
