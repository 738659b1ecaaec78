-- What a span changes of known clients, as `changes` says it. Their accounts are locked. Parameters: now, source.
WITH changed AS MATERIALIZED (
    SELECT l.account, l.changes AS c, p.id AS client, length(l.changes->'birthday'->>1) > 5 AS year_known,
           -- «29.02» stands in clients.birthdays.ANY_YEAR.
           CASE WHEN length(l.changes->'birthday'->>1) = 5
                THEN to_date((l.changes->'birthday'->>1) || '.2000', 'DD.MM.YYYY')
                ELSE (l.changes->'birthday'->>1)::date END AS birthday
      FROM clients_clientimportline l JOIN clients_client p ON p.program_id = %(program)s AND p.account_id = l.account
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'change'
), people AS (
    UPDATE clients_client p
       SET name = coalesce(n.c->'name'->>1, p.name), email = coalesce(n.c->'email'->>1, p.email),
           note = coalesce(n.c->'note'->>1, p.note), phone = coalesce(n.c->'phone'->>1, p.phone),
           birthday = coalesce(n.birthday, p.birthday),
           birthday_year_known = coalesce(n.year_known, p.birthday_year_known)
      FROM changed n WHERE p.id = n.client
), accounts AS (
    UPDATE loyalty_account a
       SET birthday = coalesce(n.birthday, a.birthday),
           birthday_year_known = coalesce(n.year_known, a.birthday_year_known),
           tags = CASE WHEN n.c ? 'tags' THEN ARRAY(SELECT jsonb_array_elements_text(n.c->'tags'->1)) ELSE a.tags END
      FROM changed n
     WHERE a.program_id = %(program)s AND a.id = n.account AND (n.c ? 'birthday' OR n.c ? 'tags')
), cards AS (
    INSERT INTO loyalty_card (program_id, account_id, kind, number, status, created_at, batch_id)
    SELECT %(program)s, n.account, 'phone', n.c->'phone'->>1, 'active', %(now)s, NULL FROM changed n WHERE n.c ? 'phone'
    UNION ALL
    SELECT %(program)s, n.account, CASE WHEN d LIKE 'v:%%' THEN 'virtual' ELSE 'plastic' END,
           regexp_replace(d, '^v:', ''), 'active', %(now)s, b.batch_id
      FROM changed n CROSS JOIN LATERAL jsonb_array_elements_text(n.c->'card'->1) d
      LEFT JOIN loyalty_plasticcard b ON b.program_id = %(program)s AND b.number = d
     WHERE n.c ? 'card'
)
INSERT INTO clients_consent (program_id, client_id, kind, given, at, source, text_version)
SELECT %(program)s, n.client, rtrim(s, '+-'), s LIKE '%%+', %(now)s, %(source)s, ''
  FROM changed n CROSS JOIN LATERAL jsonb_array_elements_text(n.c->'consents'->1) s WHERE n.c ? 'consents'
