-- Two accounts of one person: who lives on in whom, and what an account counts.

-- The account that a merged one lives on in; any other is itself.
CREATE OR REPLACE FUNCTION loyalty_living(p_program bigint, p_account bigint)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    found bigint := p_account;
    next_one bigint;
BEGIN
    LOOP
        SELECT a.merged_into_id INTO next_one FROM loyalty_account a WHERE a.program_id = p_program AND a.id = found;
        EXIT WHEN next_one IS NULL;
        found := next_one;
    END LOOP;
    RETURN found;
END $$;

-- These accounts, and all that were ever merged with them, however the merges ended: entries of one may belong to
-- receipts of another.
CREATE OR REPLACE FUNCTION loyalty_kin(p_program bigint, p_accounts bigint[])
RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    WITH RECURSIVE kin AS (
        SELECT unnest(p_accounts) AS id
         UNION
        SELECT CASE WHEN m.kept_id = k.id THEN m.dropped_id ELSE m.kept_id END
          FROM kin k JOIN loyalty_accountmerge m ON m.program_id = p_program AND k.id IN (m.kept_id, m.dropped_id)
    )
    SELECT id FROM kin
$$;

-- Accounts that were ever merged, each with the first of its kin: for the audit, which looks at all of them.
CREATE OR REPLACE FUNCTION loyalty_families(p_programs bigint[])
RETURNS TABLE (account_id bigint, head bigint) LANGUAGE sql STABLE ROWS 1000 AS $$
    WITH RECURSIVE edge AS (
        SELECT m.kept_id AS one, m.dropped_id AS other FROM loyalty_accountmerge m WHERE m.program_id = ANY (p_programs)
         UNION
        SELECT m.dropped_id, m.kept_id FROM loyalty_accountmerge m WHERE m.program_id = ANY (p_programs)
    ), walk AS (
        SELECT one, one AS reached FROM edge
         UNION
        SELECT w.one, e.other FROM walk w JOIN edge e ON e.one = w.reached
    )
    SELECT one, min(reached) FROM walk GROUP BY one
$$;

-- What an account counts, from its receipts and what was brought along: written when receipts change their account.
-- Of a day's purchases one is the visit. The caller holds the account's lock.
CREATE OR REPLACE FUNCTION loyalty_recount(p_program bigint, p_account bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH ranked AS (
        SELECT s.id, row_number() OVER (PARTITION BY s.local_day ORDER BY s.is_visit DESC, s.id) AS n
          FROM loyalty_sale s
         WHERE s.program_id = p_program AND s.account_id = p_account AND s.status = 'committed'
    )
    UPDATE loyalty_sale s SET is_visit = (r.n = 1) FROM ranked r
     WHERE s.program_id = p_program AND s.id = r.id AND s.is_visit <> (r.n = 1);

    WITH RECURSIVE mine AS (
        SELECT a.id FROM loyalty_account a
         WHERE a.program_id = p_program AND a.id = p_account AND a.merged_into_id IS NULL
         UNION
        SELECT a.id FROM loyalty_account a JOIN mine ON a.merged_into_id = mine.id WHERE a.program_id = p_program
    ), brought AS (
        SELECT coalesce(sum(b.spent), 0) AS spent, coalesce(sum(b.visits), 0) AS visits,
               coalesce(sum(b.purchases), 0) AS purchases, min(b.first_purchase_at) AS first
          FROM loyalty_broughtalong b JOIN mine ON mine.id = b.account_id WHERE b.program_id = p_program
    ), bought AS (
        SELECT count(*) FILTER (WHERE s.status = 'committed') AS purchases,
               count(*) FILTER (WHERE s.status = 'committed' AND s.is_visit) AS visits,
               coalesce(sum(s.to_pay + s.turnover_off - coalesce(r.money, 0)), 0) AS spent,
               min(s.occurred_at) FILTER (WHERE s.status = 'committed') AS first,
               max(s.occurred_at) FILTER (WHERE s.status = 'committed') AS last
          FROM loyalty_sale s
          LEFT JOIN LATERAL (SELECT sum(b.money + b.turnover_off) AS money FROM loyalty_return b
                              WHERE b.program_id = p_program AND b.sale_id = s.id) r ON true
         WHERE s.program_id = p_program AND s.account_id = p_account AND s.status IN ('committed', 'voided')
    )
    UPDATE loyalty_account a
       SET spent = brought.spent + bought.spent, visits = brought.visits + bought.visits,
           purchases = brought.purchases + bought.purchases, first_purchase_at = least(brought.first, bought.first),
           last_purchase_at = bought.last
      FROM brought, bought
     WHERE a.program_id = p_program AND a.id = p_account;
END $$;

-- What limited rules have given one account, given by another: up to so much, [period, rule, given, times, measure].
-- Returns what was really moved, in the same form.
CREATE OR REPLACE FUNCTION loyalty_move_uses(p_program bigint, p_from bigint, p_to bigint, p_most jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_moved jsonb;
BEGIN
    SELECT coalesce(jsonb_agg(jsonb_build_array(
               u.period, u.rule, least(u.given, coalesce(m.given, u.given)), least(u.times, coalesce(m.times, u.times)),
               least(u.measure, coalesce(m.measure, u.measure)))), '[]') INTO v_moved
      FROM loyalty_ruleuse u
      LEFT JOIN (SELECT x->>0 AS period, x->>1 AS rule, (x->>2)::numeric AS given, (x->>3)::int AS times,
                        (x->>4)::numeric AS measure FROM jsonb_array_elements(p_most) x) m USING (period, rule)
     WHERE u.program_id = p_program AND u.account_id = p_from AND (p_most IS NULL OR m.rule IS NOT NULL);
    UPDATE loyalty_ruleuse u
       SET given = u.given - (x->>2)::numeric, times = u.times - (x->>3)::int, measure = u.measure - (x->>4)::numeric
      FROM jsonb_array_elements(v_moved) x
     WHERE u.program_id = p_program AND u.account_id = p_from AND u.period = x->>0 AND u.rule = x->>1;
    INSERT INTO loyalty_ruleuse AS u (program_id, account_id, period, rule, given, times, measure)
    SELECT p_program, p_to, x->>0, x->>1, (x->>2)::numeric, (x->>3)::int, (x->>4)::numeric
      FROM jsonb_array_elements(v_moved) x
        ON CONFLICT (program_id, account_id, period, rule) DO UPDATE
       SET given = u.given + excluded.given, times = u.times + excluded.times, measure = u.measure + excluded.measure;
    RETURN v_moved;
END $$;
