-- What a set-based write is checked by. The triggers of accounts and lots look at one account for each row that was
-- written; a chunk of a thousand accounts looks at all of them at once, which takes a tenth of the time. Nothing goes
-- unchecked: what was written before the chunk is checked when it begins, and what is written after it at COMMIT.

CREATE OR REPLACE FUNCTION loyalty_begin_bulk() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
END $$;

-- `p_accounts`: every account that the chunk has written to.
CREATE OR REPLACE FUNCTION loyalty_end_bulk(p_program bigint, p_accounts bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_wrong record;
BEGIN
    SELECT a.id, a.points AS held, coalesce(l.rests, 0) AS rests, a.points - a.debt AS balance,
           coalesce(e.balance_after, 0) AS last
      INTO v_wrong
      FROM loyalty_account a
      LEFT JOIN LATERAL (SELECT sum(o.rest) AS rests FROM loyalty_lot o
                          WHERE o.program_id = p_program AND o.account_id = a.id AND o.rest > 0) l ON true
      LEFT JOIN LATERAL (SELECT n.balance_after FROM loyalty_entry n
                          WHERE n.program_id = p_program AND n.account_id = a.id ORDER BY n.id DESC LIMIT 1) e ON true
     WHERE a.program_id = p_program AND a.id = ANY (p_accounts)
       AND (a.points <> coalesce(l.rests, 0) OR a.points - a.debt <> coalesce(e.balance_after, 0))
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'books of account % do not balance: points %, lots %, balance %, last entry %',
            v_wrong.id, v_wrong.held, v_wrong.rests, v_wrong.balance, v_wrong.last USING ERRCODE = 'check_violation';
    END IF;
    PERFORM set_config('loyalty.books_checked', 'yes', true);
    SET CONSTRAINTS ALL IMMEDIATE;
    PERFORM set_config('loyalty.books_checked', '', true);
    SET CONSTRAINTS ALL DEFERRED;
END $$;
