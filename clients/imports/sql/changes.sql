-- What a line would change of a known client; an empty cell changes nothing. Parameters: touch (his data are not left
-- alone), over (what he has is replaced), add (balances are added, once: see loyalty.openings).
WITH known AS (
    SELECT l.id, l.points, l.phone AS said, l.problems, c.phone, a.id AS account, o.id AS opening,
           o.points AS brought,
           CASE WHEN %(touch)s THEN jsonb_build_object(
             'name', CASE WHEN l.name <> c.name AND (c.name = '' OR %(over)s) THEN jsonb_build_array(c.name, l.name) END,
             'phone', CASE WHEN l.phone IS NOT NULL AND c.phone IS NULL THEN jsonb_build_array('', l.phone) END,
             'email', CASE WHEN l.email <> c.email AND (c.email = '' OR %(over)s)
                           THEN jsonb_build_array(c.email, l.email) END,
             -- Without a year «29.02»; a year that is known stays known.
             'birthday', CASE WHEN l.birthday IS NOT NULL AND (c.birthday IS NULL OR %(over)s)
                                   AND (l.birthday, l.any_year IS NOT TRUE)
                                       IS DISTINCT FROM (c.birthday, c.birthday_year_known)
                                   AND NOT coalesce(l.any_year AND c.birthday_year_known
                                           AND to_char(l.birthday, 'MMDD') = to_char(c.birthday, 'MMDD'), false)
                              THEN jsonb_build_array(
                                  coalesce(CASE WHEN c.birthday_year_known THEN c.birthday::text
                                                ELSE to_char(c.birthday, 'DD.MM') END, ''),
                                  CASE WHEN l.any_year THEN to_char(l.birthday, 'DD.MM')
                                       ELSE l.birthday::text END) END,
             'note', CASE WHEN l.note <> c.note AND (c.note = '' OR %(over)s) THEN jsonb_build_array(c.note, l.note) END,
             'tags', CASE WHEN l.tags <> a.tags AND (a.tags = '{}' OR %(over)s)
                          THEN jsonb_build_array(to_jsonb(a.tags), to_jsonb(l.tags)) END,
             'card', CASE WHEN l.cards IS NOT NULL THEN (
                       SELECT jsonb_build_array('[]'::jsonb, jsonb_agg(n)) FROM unnest(l.cards) n
                        WHERE NOT EXISTS (SELECT FROM loyalty_card d WHERE d.program_id = %(program)s
                                             AND d.number = regexp_replace(n, '^v:', ''))
                        HAVING count(*) > 0) END,
             'consents', CASE WHEN l.consents IS NOT NULL THEN (
                       SELECT jsonb_build_array('[]'::jsonb, jsonb_agg(s)) FROM unnest(l.consents) s
                         LEFT JOIN LATERAL (
                             SELECT k.given FROM clients_consent k
                              WHERE k.program_id = %(program)s AND k.client_id = c.id
                                AND k.kind = rtrim(s, '+-') ORDER BY k.at DESC, k.id DESC LIMIT 1) k ON true
                        -- What he said himself holds; of what he was never asked, a «no» is as good as nothing.
                        WHERE k.given IS NULL AND s LIKE '%%+'
                        HAVING count(*) > 0) END
           ) ELSE '{}'::jsonb END
           || jsonb_build_object('points', CASE WHEN l.points > 0 AND %(add)s AND o.id IS NULL
                                                THEN jsonb_build_array(a.points - a.debt, l.points) END) AS found
      FROM clients_clientimportline l
      JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = l.account
      JOIN clients_client c ON c.program_id = %(program)s AND c.account_id = a.id
      LEFT JOIN LATERAL (
             SELECT e.id, e.points FROM loyalty_entry e
              WHERE e.program_id = %(program)s AND e.kind = 'opening' AND e.rule LIKE 'import:%%'
                -- His own, or of a card that was merged into his.
                AND e.account_id = ANY (ARRAY(SELECT m.id FROM loyalty_account m WHERE m.merged_into_id = a.id) || a.id)
                AND NOT EXISTS (SELECT FROM loyalty_entry u
                                 WHERE u.program_id = %(program)s AND u.account_id = e.account_id
                                   AND u.kind = 'adjust' AND u.rule = 'undo:' || e.id)
              LIMIT 1) o ON l.points > 0
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome IN ('same', 'change')
), told AS (
    SELECT k.*, jsonb_strip_nulls(k.found) AS changes, CASE
             WHEN k.said <> k.phone THEN jsonb_build_array('phone', 'other_phone', k.said)
             WHEN k.points > 0 AND k.brought <> k.points AND %(add)s
                  THEN jsonb_build_array('points', 'has_opening', k.points::text)
             WHEN k.points > 0 AND k.opening IS NULL AND NOT %(add)s
                  THEN jsonb_build_array('points', 'balance_kept', k.points::text) END AS remark
      FROM known k
)
UPDATE clients_clientimportline l
   SET changes = nullif(t.changes, '{}'), outcome = CASE WHEN t.changes = '{}' THEN 'same' ELSE 'change' END,
       problems = CASE WHEN t.remark IS NULL THEN NULL ELSE jsonb_build_array(jsonb_build_object(
           'column', t.remark->0, 'code', t.remark->1, 'value', t.remark->2)) END
  FROM told t WHERE l.id = t.id
   AND (l.changes IS DISTINCT FROM nullif(t.changes, '{}') OR t.remark IS NOT NULL OR l.outcome = 'change')
