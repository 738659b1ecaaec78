-- Codes of promo batches on a receipt: read (and locked) with it, used when it is written, free again when it is void.

-- The codes that a cart names, as the engine wants them, with the terms of their batches. A merchant's codes are taken at
-- his own tills alone. A code that is good once is locked; a shared one is not: its budget is exact without that.
CREATE OR REPLACE FUNCTION loyalty_promo_json(
    p_program bigint, p_till bigint, p_account bigint, p_codes text[], p_at timestamptz, p_now timestamptz, p_lock boolean
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_found bigint[];
    v_merchant bigint;
    v_purchases integer := 0;
BEGIN
    SELECT array_agg(c.id) INTO v_found FROM loyalty_promocode c WHERE c.program_id = p_program AND c.code = ANY (p_codes);
    IF v_found IS NULL THEN
        RETURN '[]';
    END IF;
    IF p_lock THEN
        PERFORM 1 FROM loyalty_promocode c JOIN loyalty_promobatch b ON b.id = c.batch_id
          WHERE c.program_id = p_program AND c.id = ANY (v_found) AND b.kind = 'unique'
          ORDER BY c.id FOR NO KEY UPDATE OF c;
    END IF;
    SELECT t.merchant_id INTO v_merchant FROM merchants_till t WHERE t.program_id = p_program AND t.id = p_till;
    SELECT a.purchases INTO v_purchases FROM loyalty_account a WHERE a.program_id = p_program AND a.id = p_account;
    -- A statement of its own: it sees what was committed while this one waited for the lock.
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'code', c.code, 'id', CASE WHEN b.kind = 'unique' THEN c.id END, 'batch', b.id, 'name', b.name,
                       'gives', b.gives, 'percent', b.percent, 'amount', b.amount, 'points', b.points, 'sku', b.sku,
                       'category', b.category, 'minimum', b.minimum, 'uses', b.total_limit, 'stacks', b.stacks,
                       'audience', b.audience,
                       'personal', b.per_client IS NOT NULL OR b.first_purchase OR b.audience IS NOT NULL
                                   OR c.account_id IS NOT NULL,
                       'refused', CASE
                           WHEN b.stopped_at <= p_at THEN 'promo_stopped'
                           WHEN b.starts_at > p_at THEN 'promo_early'
                           WHEN least(b.ends_at, c.expires_at) <= p_at THEN 'promo_over'
                           WHEN p_account IS NOT NULL AND c.account_id <> p_account THEN 'promo_stranger'
                           WHEN b.kind = 'unique' AND EXISTS (
                               SELECT FROM loyalty_promocodeuse u JOIN loyalty_sale s ON s.id = u.sale_id
                                WHERE u.program_id = p_program AND u.code_id = c.id AND u.released_at IS NULL
                                  AND loyalty_is_live(s.status, s.hold_until, p_now)) THEN 'promo_used'
                           WHEN p_account IS NOT NULL AND b.per_client <= (
                               SELECT count(*) FROM loyalty_promocodeuse u JOIN loyalty_sale s ON s.id = u.sale_id
                                WHERE u.program_id = p_program AND u.batch_id = b.id AND u.account_id = p_account
                                  AND u.released_at IS NULL
                                  AND loyalty_is_live(s.status, s.hold_until, p_now)) THEN 'promo_times'
                           WHEN b.first_purchase AND (v_purchases > 0 OR EXISTS (
                               -- A receipt under way is going to be the first one.
                               SELECT FROM loyalty_sale s
                                WHERE s.program_id = p_program AND s.account_id = p_account AND s.status = 'held'
                                  AND s.hold_until > p_now
                                  AND EXISTS (SELECT FROM loyalty_promocodeuse u JOIN loyalty_promobatch f ON f.id = u.batch_id
                                               WHERE u.program_id = p_program AND u.sale_id = s.id
                                                 AND u.released_at IS NULL AND f.first_purchase))) THEN 'promo_not_first'
                           ELSE '' END)), '[]')
              FROM loyalty_promocode c JOIN loyalty_promobatch b ON b.id = c.batch_id
             WHERE c.program_id = p_program AND c.id = ANY (v_found) AND b.merchant_id = v_merchant AND b.state = 'ready');
END $$;

-- Whether what a receipt has taken is taken: not where it has ended, or is a hold whose time has passed.
CREATE OR REPLACE FUNCTION loyalty_is_live(p_status text, p_until timestamptz, p_now timestamptz)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_status <> 'ended' AND NOT (p_status = 'held' AND p_until <= p_now)
$$;

-- The budgets that count the uses of these codes.
CREATE OR REPLACE FUNCTION loyalty_promo_budgets(p_promo jsonb)
RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(DISTINCT 'promo:' || (x->>'batch')), '{}') FROM jsonb_array_elements(p_promo) x
     WHERE x->>'uses' IS NOT NULL
$$;

-- A receipt uses codes: [{batch, id, money, points}]. Whose hold has run out lets go of them here; the unique index
-- says the last word.
CREATE OR REPLACE FUNCTION loyalty_use_promo(
    p_program bigint, p_sale bigint, p_account bigint, p_parts jsonb, p_at timestamptz, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_promocodeuse u SET released_at = p_now
      FROM loyalty_sale s, jsonb_array_elements(p_parts) x
     WHERE u.program_id = p_program AND u.code_id = (x->>'id')::bigint AND u.released_at IS NULL
       AND s.id = u.sale_id AND NOT loyalty_is_live(s.status, s.hold_until, p_now);
    UPDATE loyalty_promocode c SET free = false FROM jsonb_array_elements(p_parts) x
     WHERE c.program_id = p_program AND c.id = (x->>'id')::bigint AND c.free;
    INSERT INTO loyalty_promocodeuse (program_id, batch_id, code_id, sale_id, account_id, money, points, at)
    SELECT p_program, (x->>'batch')::bigint, (x->>'id')::bigint, p_sale, p_account,
           (x->>'money')::numeric, (x->>'points')::numeric, p_at
      FROM jsonb_array_elements(p_parts) x;
END $$;

-- A hold that has ended has used nothing.
CREATE OR REPLACE FUNCTION loyalty_free_promo(p_program bigint, p_sale bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_promocodeuse u SET released_at = now()
     WHERE u.program_id = p_program AND u.sale_id = p_sale AND u.released_at IS NULL;
END $$;
