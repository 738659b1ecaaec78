-- Points for many accounts by one statement. Called by loyalty/granting.py and by nothing else.

-- The caller holds the locks of the accounts, each of which stands in the list once. Accounts whose books have to be
-- brought up to date first (points that are due, or that lapse for want of purchases) are passed over and returned:
-- the caller writes those one by one.
CREATE OR REPLACE FUNCTION loyalty_grant(p_program bigint, p_merchant bigint, p_accounts bigint[], p_points numeric[],
                                         p_marks text[], p_rule text, p_expires timestamptz, p_reason text,
                                         p_actor text, p_now timestamptz)
RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_late bigint[];
BEGIN
    SELECT coalesce(array_agg(a.id), '{}') INTO v_late
      FROM loyalty_account a
     WHERE a.program_id = p_program AND a.id = ANY (p_accounts)
       AND (a.inactive_at <= p_now
            OR (a.points > 0 AND EXISTS (SELECT FROM loyalty_lot l
                                          WHERE l.program_id = p_program AND l.account_id = a.id AND l.rest > 0
                                            AND l.expires_at <= p_now)));
    PERFORM loyalty_begin_bulk();
    WITH due AS MATERIALIZED (
        -- A debt is paid first, out of the new lot.
        SELECT a.id AS account, r.points, r.mark, least(r.points, a.debt) AS paid, a.points - a.debt AS balance,
               nextval(pg_get_serial_sequence('loyalty_lot', 'id')) AS lot
          FROM unnest(p_accounts, p_points, p_marks) AS r (account, points, mark)
          JOIN loyalty_account a ON a.program_id = p_program AND a.id = r.account
         WHERE NOT a.id = ANY (v_late)
    ), lots AS (
        INSERT INTO loyalty_lot (id, program_id, account_id, merchant_id, rule, amount, rest, available_at, expires_at,
                                 created_at)
        SELECT lot, p_program, account, p_merchant, p_rule, points, points - paid, p_now, p_expires, p_now FROM due
    ), entries AS (
        INSERT INTO loyalty_entry (program_id, account_id, kind, points, balance_after, lots, parts, rule, at,
                                   created_at, actor, reason)
        SELECT p_program, account, 'earn', points, balance + points, ARRAY[lot], ARRAY[points - paid], mark, p_now,
               p_now, p_actor, p_reason
          FROM due ORDER BY account
    )
    UPDATE loyalty_account a SET points = a.points + due.points - due.paid, debt = a.debt - due.paid
      FROM due WHERE a.program_id = p_program AND a.id = due.account;
    PERFORM loyalty_end_bulk(p_program, p_accounts);
    RETURN v_late;
END $$;
