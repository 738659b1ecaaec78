-- What was written to the accounts on a local day. Parameters: program, day, begins, ends.
INSERT INTO insights_pointsday (program_id, merchant_id, local_day, kind, entries, given, taken)
SELECT %(program)s, a.merchant_id, %(day)s, e.kind, count(*),
       coalesce(sum(e.points) FILTER (WHERE e.points > 0), 0), coalesce(-sum(e.points) FILTER (WHERE e.points < 0), 0)
  FROM loyalty_entry e JOIN loyalty_account a ON a.id = e.account_id
 WHERE e.program_id = %(program)s AND e.created_at >= %(begins)s AND e.created_at < %(ends)s
 GROUP BY a.merchant_id, e.kind
