-- Whose phone or card a line names: one account it may be, and with a person.
WITH hits AS (
    SELECT l.id, c.account_id AS account, true AS by_phone, l.phone AS number
      FROM clients_clientimportline l
      JOIN loyalty_card c ON c.program_id = %(program)s AND c.number = l.phone
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome <> 'refused'
    UNION ALL
    SELECT l.id, c.account_id, true, l.phone
      FROM clients_clientimportline l
      JOIN clients_client c ON c.program_id = %(program)s AND c.phone = l.phone
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome <> 'refused'
    UNION ALL
    SELECT l.id, c.account_id, false, c.number
      FROM clients_clientimportline l
     CROSS JOIN LATERAL unnest(l.cards) n
      JOIN loyalty_card c ON c.program_id = %(program)s AND c.number = regexp_replace(n, '^v:', '')
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome <> 'refused' AND l.cards IS NOT NULL
), whose AS (
    SELECT h.id, min(coalesce(a.merged_into_id, a.id)) AS account,
           count(DISTINCT coalesce(a.merged_into_id, a.id)) AS accounts,
           bool_or(h.by_phone) AS by_phone, min(h.number) FILTER (WHERE NOT h.by_phone) AS card,
           min(h.number) AS number
      FROM hits h JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = h.account GROUP BY h.id
), judged AS (
    SELECT w.*, CASE WHEN w.accounts > 1 AND w.by_phone THEN 'two_clients' WHEN w.accounts > 1 THEN 'others_card'
                     WHEN c.id IS NULL THEN 'no_person' END AS code
      FROM whose w LEFT JOIN clients_client c ON c.account_id = w.account AND c.program_id = %(program)s
)
UPDATE clients_clientimportline l
   SET account = CASE WHEN j.code IS NULL THEN j.account ELSE l.account END,
       outcome = CASE WHEN j.code IS NULL THEN 'same' ELSE 'refused' END,
       problems = CASE WHEN j.code IS NULL THEN l.problems ELSE coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(jsonb_strip_nulls(
           jsonb_build_object('column', CASE WHEN j.card IS NULL THEN 'phone' ELSE 'card' END, 'code', j.code, 'value', coalesce(j.card, j.number)))) END
  FROM judged j WHERE l.id = j.id
