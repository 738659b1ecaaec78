-- Certificates on a receipt: read (and locked) with it, kept by a hold, taken when it is booked.

-- The certificates that a cart names, as the engine wants them. A merchant's certificates pay at his own tills alone.
-- What other holds keep of them is not there.
CREATE OR REPLACE FUNCTION loyalty_certificates_json(
    p_program bigint, p_till bigint, p_codes text[], p_at timestamptz, p_now timestamptz, p_lock boolean
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_merchant bigint;
BEGIN
    SELECT t.merchant_id INTO v_merchant FROM merchants_till t WHERE t.program_id = p_program AND t.id = p_till;
    IF p_lock THEN
        PERFORM 1 FROM loyalty_certificate c
          WHERE c.program_id = p_program AND c.merchant_id = v_merchant AND c.code = ANY (p_codes)
          ORDER BY c.id FOR NO KEY UPDATE;
    END IF;
    -- A statement of its own: it sees what was committed while this one waited for the lock.
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'id', c.id, 'code', c.code, 'kind', c.kind, 'rest', c.rest - k.kept, 'sold', c.is_sold,
                       'percent', c.percent, 'sku', c.sku, 'title', c.title, 'expires_at', c.expires_at,
                       'refused', CASE WHEN c.cancelled_at IS NOT NULL THEN 'cancelled'
                                       WHEN c.expires_at <= p_at OR c.expired_at IS NOT NULL THEN 'expired'
                                       WHEN c.rest = 0 THEN 'used_up'
                                       WHEN c.rest <= k.kept THEN 'kept_by_hold' ELSE '' END)), '[]')
              FROM loyalty_certificate c
             CROSS JOIN LATERAL (SELECT coalesce(sum(r.amount), 0) AS kept FROM loyalty_certificatereservation r
                                  WHERE r.program_id = p_program AND r.certificate_id = c.id AND r.until > p_now) k
             WHERE c.program_id = p_program AND c.merchant_id = v_merchant AND c.code = ANY (p_codes));
END $$;

-- Take the parts of a sale out of its certificates: [{id, amount, lines, parts}].
CREATE OR REPLACE FUNCTION loyalty_take_certificates(
    p_program bigint, p_sale bigint, p_parts jsonb, p_at timestamptz, p_now timestamptz, p_actor text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part jsonb;
    v_rest numeric;
BEGIN
    FOR part IN SELECT x FROM jsonb_array_elements(p_parts) x ORDER BY (x->>'id')::bigint LOOP
        UPDATE loyalty_certificate c SET rest = c.rest - (part->>'amount')::numeric
         WHERE c.program_id = p_program AND c.id = (part->>'id')::bigint RETURNING c.rest INTO v_rest;
        INSERT INTO loyalty_certificateentry (program_id, certificate_id, kind, amount, rest_after, lines, parts,
                                              sale_id, at, created_at, actor, reason)
        VALUES (p_program, (part->>'id')::bigint, 'redeem', -(part->>'amount')::numeric, v_rest,
                ARRAY(SELECT l::smallint FROM jsonb_array_elements_text(part->'lines') l),
                ARRAY(SELECT m::numeric FROM jsonb_array_elements_text(part->'parts') m),
                p_sale, p_at, p_now, left(p_actor, 120), '');
    END LOOP;
END $$;

-- What a hold keeps for its sale.
CREATE OR REPLACE FUNCTION loyalty_keep_certificates(p_program bigint, p_sale bigint, p_parts jsonb, p_until timestamptz)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO loyalty_certificatereservation (program_id, certificate_id, sale_id, amount, until)
    SELECT p_program, (x->>'id')::bigint, p_sale, (x->>'amount')::numeric, p_until FROM jsonb_array_elements(p_parts) x
$$;

-- New certificates with their first entries, as rows of the table.
CREATE OR REPLACE FUNCTION loyalty_issue_certificates(p_program bigint, p_sale bigint, p_rows jsonb, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH issued AS (
        INSERT INTO loyalty_certificate (
            program_id, merchant_id, public_id, code, kind, nominal, rest, percent, sku, title, is_sold, price, outlet_id,
            till_id, sale_id, line, holder_id, for_whom, wish, batch, expires_at, created_at, actor)
        SELECT p_program, r.merchant_id, r.public_id, r.code, r.kind, r.nominal, r.nominal, coalesce(r.percent, 0),
               coalesce(r.sku, ''), coalesce(r.title, ''), r.is_sold, coalesce(r.price, 0), r.outlet_id, r.till_id,
               p_sale, r.line, r.holder_id, coalesce(r.for_whom, ''), coalesce(r.wish, ''), r.batch, r.expires_at, p_now,
               coalesce(r.actor, '')
          FROM jsonb_populate_recordset(NULL::loyalty_certificate, p_rows) r
        RETURNING id, nominal, expires_at, actor
    )
    INSERT INTO loyalty_certificateentry (program_id, certificate_id, kind, amount, rest_after, lines, parts, sale_id,
                                          expires_at, at, created_at, actor, reason)
    SELECT p_program, i.id, 'issue', i.nominal, i.nominal, '{}', '{}', p_sale, i.expires_at, p_now, p_now, i.actor, ''
      FROM issued i;
END $$;
