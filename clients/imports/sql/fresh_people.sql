-- The people behind the accounts of a span. Parameters: now, source.
WITH people AS (
    INSERT INTO clients_client (program_id, account_id, name, phone, email, birthday, birthday_year_known, note,
           card_version, created_at)
    SELECT %(program)s, l.account, coalesce(l.name, ''), l.phone, coalesce(l.email, ''), l.birthday,
           l.any_year IS NOT TRUE,
           coalesce(l.note, ''), 1, coalesce(l.joined_at, %(now)s)
      FROM clients_clientimportline l
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh' ORDER BY l.id
    RETURNING id, account_id
)
INSERT INTO clients_consent (program_id, client_id, kind, given, at, source, text_version)
SELECT %(program)s, p.id, rtrim(s, '+-'), s LIKE '%%+', %(now)s, %(source)s, ''
  FROM clients_clientimportline l
  JOIN people p ON p.account_id = l.account
 CROSS JOIN LATERAL unnest(l.consents) s
 WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh' AND l.consents IS NOT NULL
