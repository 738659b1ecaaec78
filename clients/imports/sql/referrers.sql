-- Whoever invited is known, or stands in the file. Of clients who are new only.
WITH asked AS (
    SELECT l.id, l.account, l.referrer FROM clients_clientimportline l
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh' AND l.referrer IS NOT NULL
), here AS (
    SELECT a.id, coalesce(o.merged_into_id, o.id) AS account
      FROM asked a
      JOIN loyalty_card c ON c.program_id = %(program)s AND c.number = a.referrer
      JOIN loyalty_account o ON o.program_id = %(program)s AND o.id = c.account_id
), in_file AS (
    SELECT DISTINCT ON (a.id) a.id, n.account
      FROM asked a JOIN pg_temp.import_number n ON n.number = a.referrer ORDER BY a.id
), found AS (
    SELECT a.id, a.account AS mine, a.referrer, coalesce(h.account, f.account) AS account
      FROM asked a LEFT JOIN here h ON h.id = a.id LEFT JOIN in_file f ON f.id = a.id
)
UPDATE clients_clientimportline l
   SET invited_by = CASE WHEN f.account <> f.mine THEN f.account END,
       problems = CASE WHEN f.account IS NULL OR f.account = f.mine THEN coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(jsonb_strip_nulls(
           jsonb_build_object('column', 'referrer', 'code', CASE WHEN f.account IS NULL THEN 'unknown_referrer' ELSE 'himself' END, 'value', l.referrer))) ELSE l.problems END
  FROM found f WHERE l.id = f.id
