-- A sale in two calls: open it (who, under which rules, with what at hand), then write what the engine made of it.

-- Everything that a quote or a sale has to know, in one round trip. With p_lock the account is locked first, so that
-- what is read afterwards can't change before the sale is written.
DROP FUNCTION IF EXISTS loyalty_open_sale(
    bigint, bigint, bigint, text, text, text, date, text, timestamptz, timestamptz, boolean);
DROP FUNCTION IF EXISTS loyalty_open_sale(
    bigint, bigint, bigint, text, text, text, date, text, timestamptz, timestamptz, boolean, text[], boolean, text[]);
CREATE OR REPLACE FUNCTION loyalty_open_sale(
    p_program bigint, p_till bigint, p_till_key bigint, p_key text, p_by text, p_value text,
    p_day date, p_receipt text, p_at timestamptz, p_now timestamptz, p_lock boolean, p_codes text[], p_exact boolean, p_skus text[],
    p_certificates text[] DEFAULT '{}'
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_alive boolean;
    v_account bigint;
    v_found bigint;
    v_code bigint;
    v_card text;
    v_unproven boolean;
    v_version integer;
    v_needs jsonb;
    v_above bigint[] := '{}';
    v_uplines jsonb := '[]';
    v_coupons jsonb := '[]';
    v_budgets jsonb := '{}';
    v_certificates jsonb := '[]';
    v_promo jsonb := '[]';
    v_limited text[];
    v_stored jsonb;
    v_receipt jsonb;
    v_day jsonb;
    v_confirmation jsonb;
BEGIN
    SELECT k.revoked_at IS NULL AND t.is_active AND o.is_active AND m.is_active INTO v_alive
      FROM merchants_tillkey k
      JOIN merchants_till t ON t.id = k.till_id
      JOIN merchants_outlet o ON o.id = t.outlet_id
      JOIN merchants_merchant m ON m.id = t.merchant_id
     WHERE k.program_id = p_program AND k.id = p_till_key;

    IF p_by = 'phone' OR p_by = 'card' THEN
        SELECT CASE WHEN c.status = 'active' THEN c.account_id END,
               CASE WHEN c.status = 'active' THEN NULL WHEN c.block_why = 'replaced' THEN 'replaced' ELSE 'blocked' END,
               c.unproven
          INTO v_account, v_card, v_unproven FROM loyalty_card c
         WHERE c.program_id = p_program AND c.number = p_value AND (c.kind = 'phone') = (p_by = 'phone');
    ELSIF p_by = 'id' THEN
        SELECT a.id INTO v_account FROM loyalty_account a
         WHERE a.program_id = p_program AND a.public_id = p_value::uuid;
    ELSIF p_by = 'code' THEN
        SELECT c.id, c.account_id INTO v_code, v_account FROM loyalty_onetimecode c
         WHERE c.program_id = p_program AND c.code = p_value AND c.expires_at > p_now;
    END IF;
    IF p_by = 'id' OR p_by = 'code' THEN
        -- Cards move with a merge; these stay with the account that has become an alias.
        v_account := loyalty_living(p_program, v_account);
    END IF;
    SELECT v.number, v.needs INTO v_version, v_needs FROM loyalty_version_at(p_program, p_at) v;
    IF v_account IS NOT NULL AND (v_needs->>'levels')::int > 0 THEN
        v_above := loyalty_uplines(p_program, v_account, (v_needs->>'levels')::int);
    END IF;
    IF p_lock AND v_account IS NOT NULL THEN
        IF v_above <> '{}' THEN
            -- All accounts that the sale writes to, by id.
            PERFORM loyalty_lock_accounts(p_program, v_above || v_account);
        END IF;
        v_found := v_account;
        v_account := loyalty_lock_account(p_program, v_account);
        IF v_account <> v_found AND (v_needs->>'levels')::int > 0 THEN
            -- Merged while this one waited: another account, and others above it.
            v_above := loyalty_uplines(p_program, v_account, (v_needs->>'levels')::int);
            PERFORM loyalty_lock_accounts(p_program, v_above);
        END IF;
    END IF;
    IF v_code IS NOT NULL THEN
        -- Only now, behind the lock: another sale may have used the code up while this one waited.
        PERFORM 1 FROM loyalty_onetimecode c LEFT JOIN loyalty_sale s ON s.id = c.sale_id
          WHERE c.id = v_code AND (c.sale_id IS NULL OR s.status = 'ended'
                                   OR (s.status = 'held' AND s.hold_until <= p_now));
        IF NOT FOUND THEN
            v_code := NULL;
            v_account := NULL;
        END IF;
    END IF;

    -- The receipt before the key: a sale that is committed in between is then found by its key, with its answer.
    IF p_receipt <> '' THEN
        IF p_lock THEN
            PERFORM loyalty_end_hold(s.id) FROM loyalty_sale s
             WHERE s.program_id = p_program AND s.till_id = p_till AND s.local_day = p_day
               AND s.receipt_number = p_receipt AND s.status = 'held' AND s.hold_until <= p_now;
        END IF;
        SELECT jsonb_build_object('digest', encode(s.body_digest, 'hex'), 'id', s.public_id, 'held', s.status = 'held')
          INTO v_receipt FROM loyalty_sale s
         WHERE s.program_id = p_program AND s.till_id = p_till AND s.local_day = p_day
           AND s.receipt_number = p_receipt AND s.status <> 'ended'
           AND NOT (s.status = 'held' AND s.hold_until <= p_now);
    END IF;
    IF p_key <> '' THEN
        SELECT jsonb_build_object('digest', encode(i.body_digest, 'hex'), 'status', i.status, 'text', i.answer)
          INTO v_stored FROM loyalty_idempotencykey i
         WHERE i.program_id = p_program AND i.till_id = p_till AND i.key = p_key;
    END IF;

    IF v_account IS NOT NULL THEN
        SELECT jsonb_build_object(
                   'visited', coalesce(bool_or(s.is_visit AND s.status = 'committed'), false),
                   'redeemed', coalesce(sum(s.points_redeemed - coalesce(
                       (SELECT sum(r.points_back) FROM loyalty_return r
                         WHERE r.program_id = p_program AND r.sale_id = s.id), 0)), 0))
          INTO v_day FROM loyalty_sale s
         WHERE s.program_id = p_program AND s.account_id = v_account AND s.local_day = p_day
           AND (s.status = 'committed' OR (s.status = 'held' AND s.hold_until > p_now));
        SELECT jsonb_build_object('digest', c.digest, 'attempts', c.attempts, 'points', c.points) INTO v_confirmation
          FROM loyalty_confirmation c
         WHERE c.program_id = p_program AND c.account_id = v_account AND c.used_at IS NULL AND c.expires_at > p_now;
    END IF;

    IF v_above <> '{}' THEN
        SELECT jsonb_agg(loyalty_account_json(p_program, u.id, p_now)
                         || loyalty_history_json(p_program, u.id, '{"remembers": true}', p_day) ORDER BY u.level)
          INTO v_uplines FROM unnest(v_above) WITH ORDINALITY AS u(id, level);
    END IF;
    IF v_account IS NOT NULL AND p_codes <> '{}' THEN
        v_coupons := loyalty_coupons_json(p_program, v_account, p_codes, p_at, p_now);
    END IF;
    IF p_certificates <> '{}' THEN
        v_certificates := loyalty_certificates_json(p_program, p_till, p_certificates, p_at, p_now, p_lock);
    END IF;
    IF p_codes <> '{}' THEN
        v_promo := loyalty_promo_json(p_program, p_till, v_account, p_codes, p_at, p_now, p_lock);
    END IF;
    IF jsonb_array_length(coalesce(v_needs->'budgets', '[]')) > 0 OR v_promo <> '[]' THEN
        v_limited := ARRAY(SELECT jsonb_array_elements_text(coalesce(v_needs->'budgets', '[]')))
                     || loyalty_promo_budgets(v_promo);
        v_budgets := loyalty_budgets_json(p_program, v_limited, p_exact);
    END IF;

    RETURN jsonb_build_object(
        'goods', loyalty_goods_json(p_program, p_skus), 'uplines', v_uplines, 'coupons', v_coupons, 'budgets', v_budgets,
        'certificates', v_certificates, 'promo', v_promo,
        'alive', coalesce(v_alive, false), 'card', v_card,
        'unproven', coalesce(v_unproven, false), 'version', v_version, 'code_id', v_code, 'stored', v_stored,
        'receipt', v_receipt, 'day', v_day, 'confirmation', v_confirmation,
        'account', CASE WHEN v_account IS NULL THEN NULL
                        ELSE loyalty_account_json(p_program, v_account, p_now)
                             || loyalty_history_json(p_program, v_account, v_needs, p_day) END)::text;
END $$;

-- A hold is over without a sale: its points, its code and its receipt number are free again. False where it was before.
CREATE OR REPLACE FUNCTION loyalty_free_hold(p_sale bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_sale SET status = 'ended' WHERE id = p_sale AND status = 'held';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM loyalty_reservation WHERE sale_id = p_sale;
    UPDATE loyalty_onetimecode SET sale_id = NULL WHERE sale_id = p_sale;
    UPDATE loyalty_personalcoupon SET sale_id = NULL WHERE sale_id = p_sale;
    PERFORM loyalty_free_promo(s.program_id, s.id) FROM loyalty_sale s WHERE s.id = p_sale;
    DELETE FROM loyalty_certificatereservation r USING loyalty_sale s
     WHERE s.id = p_sale AND r.program_id = s.program_id AND r.sale_id = s.id;
    RETURN true;
END $$;

-- What holds that have ended had taken out of budgets. Budgets come last, in the order of their rules, as a sale takes
-- them: many holds at once otherwise meet the tills crosswise.
CREATE OR REPLACE FUNCTION loyalty_refill_budgets_of(p_sales bigint[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT s.program_id, b->>'rule' AS rule, s.till_id, sum((b->>'given')::numeric) AS given, count(*)::int AS uses
          FROM loyalty_sale s CROSS JOIN LATERAL jsonb_array_elements(s.consequences->'budgets') b
         WHERE s.id = ANY (p_sales) GROUP BY s.program_id, b->>'rule', s.till_id
         ORDER BY (b->>'rule') COLLATE "C", s.till_id
    LOOP
        PERFORM loyalty_refill_budget(part.program_id, part.rule, part.till_id, part.given, part.uses);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION loyalty_end_hold(p_sale bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF loyalty_free_hold(p_sale) THEN
        PERFORM loyalty_refill_budgets_of(ARRAY[p_sale]);
    END IF;
END $$;

-- Write a sale or a hold with everything that belongs to it: lines, books, stored answer, outbox.
CREATE OR REPLACE FUNCTION loyalty_write_sale(p jsonb)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_program bigint := (p->>'program_id')::bigint;
    v_now timestamptz := (p->>'now')::timestamptz;
    v_account bigint := (p->>'account_id')::bigint;
    v_sale bigint;
BEGIN
    INSERT INTO loyalty_sale (
        program_id, merchant_id, outlet_id, till_id, public_id, account_id, status, receipt_number, occurred_at,
        local_day, version, channel, cashier, identified_by, hold_until, total, discount, points_redeemed,
        points_value, certificates_paid, to_pay, turnover_off, points_earned, earnings, explanation, consequences, flags,
        tier_before, tier_after, is_visit, body_digest, created_at)
    SELECT s.program_id, s.merchant_id, s.outlet_id, s.till_id, s.public_id, v_account, s.status, s.receipt_number,
           s.occurred_at, s.local_day, s.version, s.channel, s.cashier, s.identified_by, s.hold_until, s.total,
           s.discount, s.points_redeemed, s.points_value, s.certificates_paid, s.to_pay, coalesce(s.turnover_off, 0),
           s.points_earned, s.earnings,
           s.explanation, s.consequences, s.flags, s.tier_before, s.tier_after, s.is_visit, decode(p->>'contents_digest', 'hex'), v_now
      FROM jsonb_populate_record(NULL::loyalty_sale, p->'sale') s
    RETURNING id INTO v_sale;

    INSERT INTO loyalty_saleline (program_id, sale_id, position, sku, name, category, brand, quantity, price, amount,
                                  discount, points_value, points, certificate, paid, earned, marks, min_price)
    SELECT v_program, v_sale, l.position, l.sku, l.name, l.category, l.brand, l.quantity, l.price, l.amount,
           l.discount, l.points_value, l.points, l.certificate, l.paid, l.earned, coalesce(l.marks, 0),
           coalesce(l.min_price, 0)
      FROM jsonb_populate_recordset(NULL::loyalty_saleline, p->'lines') l;

    IF jsonb_typeof(p->'post') = 'object' THEN
        PERFORM loyalty_post(p->'post', v_sale, NULL);
    END IF;
    IF p->'reserve' <> '[]'::jsonb THEN
        INSERT INTO loyalty_reservation (program_id, sale_id, account_id, lot_id, points, until)
        SELECT v_program, v_sale, v_account, (r->>0)::bigint, (r->>1)::numeric, (p->'sale'->>'hold_until')::timestamptz
          FROM jsonb_array_elements(p->'reserve') r;
    END IF;
    IF jsonb_typeof(p->'code_id') = 'number' THEN
        UPDATE loyalty_onetimecode SET sale_id = v_sale WHERE program_id = v_program AND id = (p->>'code_id')::bigint;
    END IF;
    IF (p->>'confirmed')::boolean THEN
        UPDATE loyalty_confirmation SET used_at = v_now WHERE program_id = v_program AND account_id = v_account;
    END IF;
    INSERT INTO loyalty_idempotencykey (program_id, till_id, account_id, key, body_digest, status, answer, created_at)
    VALUES (v_program, (p->'sale'->>'till_id')::bigint, v_account, p->>'key', decode(p->>'body_digest', 'hex'),
            (p->>'http_status')::int, p->>'answer', v_now);
    INSERT INTO merchants_outboxmessage (program_id, topic, payload, created_at, due_at, attempts)
    VALUES (v_program, p->>'topic', jsonb_build_object('sale', p->'sale'->>'public_id'), v_now, v_now, 0);
    IF jsonb_typeof(p->'beside') = 'object' THEN
        PERFORM loyalty_write_consequences(p->'beside', v_sale, v_now);
    END IF;
    RETURN v_sale;
END $$;
