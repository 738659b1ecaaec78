-- Which new clients of a span nobody has had to do with since: the others are left, and it is said why. Their accounts
-- are locked. Parameters: mark, source.
WITH judged AS (
    SELECT l.id, CASE
             WHEN a.status = 'merged' OR EXISTS (SELECT FROM loyalty_account m WHERE m.program_id = %(program)s
                                                   AND m.merged_into_id = a.id) THEN 'merged'
             WHEN EXISTS (SELECT FROM loyalty_entry e WHERE e.program_id = %(program)s AND e.account_id = a.id
                             AND (e.kind <> 'opening' OR e.rule <> %(mark)s))
               OR EXISTS (SELECT FROM loyalty_sale s WHERE s.program_id = %(program)s AND s.account_id = a.id)
               OR EXISTS (SELECT FROM loyalty_pastreceipt v WHERE v.program_id = %(program)s AND v.account_id = a.id)
               OR EXISTS (SELECT FROM loyalty_activity v WHERE v.program_id = %(program)s AND v.account_id = a.id)
               OR EXISTS (SELECT FROM loyalty_personalcoupon v WHERE v.program_id = %(program)s AND v.account_id = a.id)
               OR EXISTS (SELECT FROM loyalty_certificate v WHERE v.program_id = %(program)s AND v.holder_id = a.id)
                  THEN 'moved'
             WHEN EXISTS (SELECT FROM loyalty_account r
                           WHERE r.program_id = %(program)s AND r.referrer_id = a.id
                             AND NOT EXISTS (SELECT FROM pg_temp.import_link k
                                              WHERE k.account = r.id AND k.invited_by = a.id)) THEN 'referees'
             WHEN a.status <> 'active' OR p.id IS NULL OR p.card_version <> 1
               OR (p.name, p.email, p.note) <> (coalesce(l.name, ''), coalesce(l.email, ''), coalesce(l.note, ''))
               OR p.phone IS DISTINCT FROM l.phone OR p.birthday IS DISTINCT FROM l.birthday
               OR p.birthday_year_known = coalesce(l.any_year, false)
               OR a.tags <> coalesce(l.tags, '{}')
               OR EXISTS (SELECT FROM clients_consent k WHERE k.program_id = %(program)s AND k.client_id = p.id
                             AND k.source <> %(source)s) THEN 'edited' END AS why
      FROM clients_clientimportline l
      JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = l.account AND a.status <> 'removed'
      LEFT JOIN clients_client p ON p.program_id = %(program)s AND p.account_id = a.id
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh'
), left_alone AS (
    UPDATE clients_clientimportline l SET "left" = j.why FROM judged j WHERE l.id = j.id AND j.why IS NOT NULL
)
SELECT l.account FROM judged j JOIN clients_clientimportline l ON l.id = j.id WHERE j.why IS NULL ORDER BY 1
