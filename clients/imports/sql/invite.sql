-- Who invited the new clients of a span: both have to be there by now.
UPDATE loyalty_account a SET referrer_id = r.id
  FROM clients_clientimportline l
  JOIN loyalty_account r ON r.program_id = %(program)s AND r.id = l.invited_by
 WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh' AND l.invited_by IS NOT NULL
   AND a.program_id = %(program)s AND a.id = l.account AND a.referrer_id IS NULL AND a.status = 'active'
