-- Who joined on a local day. Parameters: program, day, begins, ends.
INSERT INTO insights_newclients (program_id, merchant_id, local_day, clients)
SELECT %(program)s, a.merchant_id, %(day)s, count(*)
  FROM loyalty_account a
 WHERE a.program_id = %(program)s AND a.created_at >= %(begins)s AND a.created_at < %(ends)s
   AND a.status <> 'removed'
 GROUP BY a.merchant_id
