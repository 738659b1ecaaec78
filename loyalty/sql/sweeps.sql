-- Set-based housekeeping, in chunks that no till has to wait long for.

CREATE OR REPLACE FUNCTION loyalty_expire_due(p_program bigint, p_now timestamptz, p_chunk integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_accounts bigint[];
    v_count integer;
BEGIN
    -- Holds are few: gathered once, not asked for lot by lot.
    SELECT array_agg(DISTINCT due.account_id) INTO v_accounts FROM (
        SELECT l.account_id
          FROM loyalty_lot l
          LEFT JOIN (SELECT r.lot_id, sum(r.points) AS points FROM loyalty_reservation r
                      WHERE r.program_id = p_program AND r.until > p_now GROUP BY r.lot_id) h ON h.lot_id = l.id
         WHERE l.program_id = p_program AND l.rest > 0 AND l.expires_at <= p_now AND l.rest > coalesce(h.points, 0)
         ORDER BY l.expires_at LIMIT p_chunk) due;
    IF v_accounts IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM loyalty_lock_accounts(p_program, v_accounts);
    PERFORM loyalty_begin_bulk();
    -- A new statement, hence a new snapshot: what follows sees what others wrote before they let go of the locks.
    WITH due AS MATERIALIZED (
        SELECT l.id, l.account_id, l.expires_at, l.rule, l.rest - coalesce(h.points, 0) AS gone
          FROM loyalty_lot l
          LEFT JOIN LATERAL (SELECT sum(r.points) AS points FROM loyalty_reservation r
                              WHERE r.program_id = p_program AND r.account_id = l.account_id
                                AND r.lot_id = l.id AND r.until > p_now) h ON true
         WHERE l.program_id = p_program AND l.account_id = ANY (v_accounts) AND l.rest > 0 AND l.expires_at <= p_now
           AND l.rest > coalesce(h.points, 0)
    ), emptied AS (
        UPDATE loyalty_lot l SET rest = l.rest - due.gone FROM due
         WHERE l.program_id = p_program AND l.account_id = due.account_id AND l.rest > 0 AND l.id = due.id
    ), written AS (
        INSERT INTO loyalty_entry (program_id, account_id, kind, points, balance_after, lots, parts, rule, at,
                                   created_at, actor, reason)
        SELECT p_program, due.account_id, 'expire', -due.gone,
               a.points - a.debt - sum(due.gone) OVER (PARTITION BY due.account_id ORDER BY due.expires_at, due.id),
               ARRAY[due.id], ARRAY[-due.gone], '', due.expires_at, p_now, 'sweep', ''
          FROM due JOIN loyalty_account a ON a.program_id = p_program AND a.id = due.account_id
         ORDER BY due.account_id, due.expires_at, due.id
    ), sums AS (
        SELECT due.account_id, sum(due.gone) AS gone, count(*) AS lots FROM due GROUP BY due.account_id
    ), changed AS (
        UPDATE loyalty_account a SET points = a.points - sums.gone FROM sums
         WHERE a.program_id = p_program AND a.id = sums.account_id
        RETURNING sums.lots
    )
    SELECT coalesce(sum(lots), 0) INTO v_count FROM changed;
    PERFORM loyalty_end_bulk(p_program, v_accounts);
    RETURN v_count;
END $$;

CREATE OR REPLACE FUNCTION loyalty_end_due_holds(p_program bigint, p_now timestamptz, p_chunk integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_sales bigint[];
BEGIN
    SELECT array_agg(due.id) INTO v_sales FROM (
        SELECT s.id FROM loyalty_sale s
         WHERE s.program_id = p_program AND s.status = 'held' AND s.hold_until <= p_now
         ORDER BY s.id LIMIT p_chunk FOR UPDATE SKIP LOCKED) due;
    PERFORM loyalty_free_hold(id) FROM unnest(v_sales) id;
    PERFORM loyalty_refill_budgets_of(v_sales);
    RETURN coalesce(cardinality(v_sales), 0);
END $$;

-- Accounts whose points lapse for want of purchases: their lots get that moment as their end, and expire like others.
CREATE OR REPLACE FUNCTION loyalty_lapse_inactive(p_program bigint, p_now timestamptz, p_chunk integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_accounts bigint[];
BEGIN
    SELECT array_agg(due.id) INTO v_accounts FROM (
        SELECT a.id FROM loyalty_account a
         WHERE a.program_id = p_program AND a.inactive_at <= p_now ORDER BY a.inactive_at LIMIT p_chunk) due;
    IF v_accounts IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM loyalty_lock_accounts(p_program, v_accounts);
    UPDATE loyalty_lot l SET expires_at = a.inactive_at
      FROM loyalty_account a
     WHERE a.program_id = p_program AND a.id = ANY (v_accounts) AND a.inactive_at <= p_now
       AND l.program_id = p_program AND l.account_id = a.id AND l.rest > 0
       AND (l.expires_at IS NULL OR l.expires_at > a.inactive_at);
    UPDATE loyalty_account a SET inactive_at = NULL
     WHERE a.program_id = p_program AND a.id = ANY (v_accounts) AND a.inactive_at <= p_now;
    RETURN cardinality(v_accounts);
END $$;
