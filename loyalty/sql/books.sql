-- The books. Called by loyalty/ledger.py and by nothing else; what to write has been decided before.

-- An account as its owner's next write must see it, with its open lots in one JSON value.
-- Lots: [id, rest, reserved by living holds (never more than is there), available_at, expires_at, sale_id, own end].
CREATE OR REPLACE FUNCTION loyalty_account_json(p_program bigint, p_account bigint, p_now timestamptz)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'id', a.id, 'public_id', a.public_id, 'merchant_id', a.merchant_id, 'status', a.status,
            'points', a.points, 'debt', a.debt, 'tier', a.tier, 'manual_tier', a.manual_tier,
            'manual_tier_until', a.manual_tier_until, 'tier_gifts', to_jsonb(a.tier_gifts),
            'tier_ends_at', a.tier_ends_at, 'inactive_at', a.inactive_at, 'created_at', a.created_at,
            'invited', a.referrer_id IS NOT NULL,
            'spent', a.spent, 'visits', a.visits, 'purchases', a.purchases,
            'first_purchase_at', a.first_purchase_at, 'last_purchase_at', a.last_purchase_at,
            'birthday', a.birthday, 'birthday_year_known', a.birthday_year_known, 'tags', to_jsonb(a.tags),
            'lots', coalesce((
                SELECT jsonb_agg(jsonb_build_array(
                           l.id, l.rest, least(coalesce(h.points, 0), l.rest), l.available_at,
                           -- An account that lapses takes all its lots with it. NULL counts for nothing here.
                           least(l.expires_at, a.inactive_at), l.sale_id, l.expires_at))
                  FROM loyalty_lot l
                  LEFT JOIN (
                      SELECT r.lot_id, sum(r.points) AS points
                        FROM loyalty_reservation r
                       WHERE r.program_id = p_program AND r.account_id = p_account AND r.until > p_now
                       GROUP BY r.lot_id
                  ) h ON h.lot_id = l.id
                 WHERE l.program_id = p_program AND l.account_id = p_account AND l.rest > 0
            ), '[]'::jsonb))
          FROM loyalty_account a
         WHERE a.program_id = p_program AND a.id = p_account
    );
END $$;

-- Lock an account against every other writer. Not FOR UPDATE: rows that refer to it may still be added meanwhile.
-- A merged account is followed to the one it lives on in; whoever is known to be merged is not locked at all.
CREATE OR REPLACE FUNCTION loyalty_lock_account(p_program bigint, p_account bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint := loyalty_living(p_program, p_account);
    next_one bigint;
BEGIN
    LOOP
        SELECT a.merged_into_id INTO next_one FROM loyalty_account a
         WHERE a.program_id = p_program AND a.id = found FOR NO KEY UPDATE;
        EXIT WHEN next_one IS NULL;
        found := loyalty_living(p_program, next_one);
    END LOOP;
    RETURN found;
END $$;

-- Write postings: new lots, changed lots, entries, the account. The caller holds the account's lock.
CREATE OR REPLACE FUNCTION loyalty_post(p jsonb, p_sale bigint, p_return bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_program bigint := (p->>'program_id')::bigint;
    v_account bigint := (p->>'account_id')::bigint;
    v_now timestamptz := (p->>'now')::timestamptz;
    v_at timestamptz := (p->>'at')::timestamptz;
    posting jsonb;
    lot jsonb;
    v_lots bigint[];
    v_parts numeric[];
    v_lot bigint;
BEGIN
    IF p->'moved' <> '[]'::jsonb THEN
        UPDATE loyalty_lot l SET rest = l.rest + (r->>1)::numeric
          FROM jsonb_array_elements(p->'moved') r
         WHERE l.program_id = v_program AND l.account_id = v_account AND l.id = (r->>0)::bigint;
    END IF;
    FOR posting IN SELECT * FROM jsonb_array_elements(p->'postings') LOOP
        v_lots := ARRAY(SELECT x::bigint FROM jsonb_array_elements_text(posting->'lots') x);
        v_parts := ARRAY(SELECT x::numeric FROM jsonb_array_elements_text(posting->'parts') x);
        lot := posting->'new_lot';
        IF jsonb_typeof(lot) = 'object' THEN
            INSERT INTO loyalty_lot (program_id, account_id, merchant_id, sale_id, origin_id, rule, amount, rest,
                                     available_at, expires_at, created_at)
            VALUES (v_program, v_account, coalesce((lot->'given'->>'merchant_id')::bigint, (p->>'merchant_id')::bigint),
                    -- A lot is of the sale that earned it; points that came back were not earned by the sale.
                    CASE WHEN posting->>'kind' = 'reinstate' THEN NULL
                         ELSE coalesce((lot->'given'->>'sale_id')::bigint, p_sale) END,
                    (lot->>'origin')::bigint, lot->>'rule',
                    (lot->>'amount')::numeric, (lot->>'rest')::numeric, (lot->>'available_at')::timestamptz,
                    (lot->>'expires_at')::timestamptz,
                    coalesce((lot->'given'->>'created_at')::timestamptz, v_now))
            RETURNING id INTO v_lot;
            v_lots := v_lots || v_lot;
            v_parts := v_parts || (lot->>'rest')::numeric;
        END IF;
        INSERT INTO loyalty_entry (program_id, account_id, kind, points, balance_after, lots, parts, rule, sale_id,
                                   given_back_id, at, created_at, actor, reason)
        VALUES (v_program, v_account, posting->>'kind', (posting->>'points')::numeric,
                (posting->>'balance_after')::numeric, v_lots, v_parts, posting->>'rule',
                CASE WHEN posting->>'kind' = 'expire' THEN NULL ELSE p_sale END,
                CASE WHEN posting->>'kind' = 'expire' THEN NULL ELSE p_return END,
                coalesce((posting->>'at')::timestamptz, v_at), v_now, p->>'actor', p->>'reason');
    END LOOP;
    UPDATE loyalty_account a
       SET points = a.points + (p->>'points')::numeric, debt = a.debt + (p->>'debt')::numeric, tier = p->>'tier',
           tier_gifts = ARRAY(SELECT jsonb_array_elements_text(p->'tier_gifts')),
           spent = (p->>'spent')::numeric, visits = (p->>'visits')::int, purchases = (p->>'purchases')::int,
           first_purchase_at = (p->>'first_purchase_at')::timestamptz,
           last_purchase_at = (p->>'last_purchase_at')::timestamptz,
           tier_ends_at = (p->>'tier_ends_at')::timestamptz, inactive_at = (p->>'inactive_at')::timestamptz
     WHERE a.program_id = v_program AND a.id = v_account;
    IF p->'used' <> '[]'::jsonb THEN
        INSERT INTO loyalty_ruleuse AS u (program_id, account_id, period, rule, given, times, measure)
        SELECT v_program, v_account, r.period, r.rule, r.given, r.times, r.measure
          FROM jsonb_to_recordset(p->'used') AS r(period text, rule text, given numeric, times int, measure numeric)
            ON CONFLICT (program_id, account_id, period, rule) DO UPDATE
           SET given = u.given + excluded.given, times = u.times + excluded.times,
               measure = u.measure + excluded.measure;
    END IF;
    IF p->'unreserved' <> '[]'::jsonb THEN
        PERFORM loyalty_cut_reservations(v_program, v_account, p->'unreserved', v_now);
    END IF;
END $$;

-- Points that a hold had kept were taken back: the youngest living holds lose them first.
CREATE OR REPLACE FUNCTION loyalty_cut_reservations(p_program bigint, p_account bigint, p_cuts jsonb, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    cut jsonb;
    part numeric;
    left_over numeric;
    kept record;
BEGIN
    FOR cut IN SELECT * FROM jsonb_array_elements(p_cuts) LOOP
        left_over := (cut->>1)::numeric;
        FOR kept IN SELECT r.id, r.points FROM loyalty_reservation r
                     WHERE r.program_id = p_program AND r.account_id = p_account AND r.lot_id = (cut->>0)::bigint
                       AND r.until > p_now
                     ORDER BY r.id DESC
        LOOP
            EXIT WHEN left_over <= 0;
            part := least(kept.points, left_over);
            left_over := left_over - part;
            IF part = kept.points THEN
                DELETE FROM loyalty_reservation WHERE id = kept.id;
            ELSE
                UPDATE loyalty_reservation SET points = points - part WHERE id = kept.id;
            END IF;
        END LOOP;
    END LOOP;
END $$;
