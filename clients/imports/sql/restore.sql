-- Known clients of a span as they were, field by field, wherever a field still says what was loaded. Their accounts are
-- locked. Parameters: now, source, undone (the source of what is said now).
WITH changed AS MATERIALIZED (
    SELECT l.id AS line, l.account, l.changes AS c, p.id AS client,
           l.changes->'name'->>1 IS NOT DISTINCT FROM p.name AS name, l.changes->'email'->>1 = p.email AS email,
           l.changes->'note'->>1 = p.note AS note, l.changes->'phone'->>1 = p.phone AS phone,
           (l.changes->'birthday'->>1) = CASE WHEN p.birthday_year_known THEN p.birthday::text
                                              ELSE to_char(p.birthday, 'DD.MM') END AS birthday,
           -- «29.02» stands in clients.birthdays.ANY_YEAR.
           CASE WHEN length(l.changes->'birthday'->>0) = 5
                THEN to_date((l.changes->'birthday'->>0) || '.2000', 'DD.MM.YYYY')
                ELSE nullif(l.changes->'birthday'->>0, '')::date END AS born,
           l.changes->'tags'->1 = to_jsonb(a.tags) AS tags
      FROM clients_clientimportline l
      JOIN clients_client p ON p.program_id = %(program)s AND p.account_id = l.account
      JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = l.account
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'change'
), people AS (
    UPDATE clients_client p
       SET name = CASE WHEN n.name THEN n.c->'name'->>0 ELSE p.name END,
           email = CASE WHEN n.email THEN n.c->'email'->>0 ELSE p.email END,
           note = CASE WHEN n.note THEN n.c->'note'->>0 ELSE p.note END,
           phone = CASE WHEN n.phone THEN NULL ELSE p.phone END,
           birthday = CASE WHEN n.birthday THEN n.born ELSE p.birthday END,
           birthday_year_known = CASE WHEN n.birthday THEN length(n.c->'birthday'->>0) <> 5
                                      ELSE p.birthday_year_known END
      FROM changed n WHERE p.id = n.client
), accounts AS (
    UPDATE loyalty_account a
       SET birthday = CASE WHEN n.birthday THEN n.born ELSE a.birthday END,
           birthday_year_known = CASE WHEN n.birthday THEN length(n.c->'birthday'->>0) <> 5
                                      ELSE a.birthday_year_known END,
           tags = CASE WHEN n.tags THEN ARRAY(SELECT jsonb_array_elements_text(n.c->'tags'->0)) ELSE a.tags END
      FROM changed n
     WHERE a.program_id = %(program)s AND a.id = n.account AND (n.birthday OR n.tags)
), cards AS (
    DELETE FROM loyalty_card d USING changed n
     WHERE d.program_id = %(program)s AND d.account_id = n.account
       AND ((n.phone AND d.number = n.c->'phone'->>1)
            OR (n.c ? 'card' AND d.number IN (SELECT regexp_replace(x, '^v:', '')
                                                FROM jsonb_array_elements_text(n.c->'card'->1) x)))
), consents AS (
    INSERT INTO clients_consent (program_id, client_id, kind, given, at, source, text_version)
    SELECT %(program)s, n.client, rtrim(s, '+-'), false, %(now)s, %(undone)s, ''
      FROM changed n CROSS JOIN LATERAL jsonb_array_elements_text(n.c->'consents'->1) s
     WHERE n.c ? 'consents'
       AND (SELECT k.source FROM clients_consent k
             WHERE k.program_id = %(program)s AND k.client_id = n.client AND k.kind = rtrim(s, '+-')
             ORDER BY k.at DESC, k.id DESC LIMIT 1) = %(source)s
)
UPDATE clients_clientimportline l SET "left" = 'edited'
  FROM changed n
 WHERE l.id = n.line
   AND ((n.c ? 'name' AND NOT n.name) OR (n.c ? 'email' AND NOT n.email) OR (n.c ? 'note' AND NOT n.note)
        OR (n.c ? 'phone' AND n.phone IS NOT TRUE) OR (n.c ? 'birthday' AND n.birthday IS NOT TRUE)
        OR (n.c ? 'tags' AND NOT n.tags))
