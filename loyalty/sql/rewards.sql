-- What rules look back on, and what they share: history, those who invited, budgets, coupons.

-- What a sale under a version's needs has to know of an account besides its books.
CREATE OR REPLACE FUNCTION loyalty_history_json(p_program bigint, p_account bigint, p_needs jsonb, p_day date)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_since date := p_day - coalesce((p_needs->>'back')::int, 0);
    v_days jsonb := '[]';
    v_used jsonb := '[]';
    v_referred jsonb := '[]';
BEGIN
    IF coalesce((p_needs->>'back')::int, 0) > 0 THEN
        SELECT coalesce(jsonb_agg(jsonb_build_array(d.local_day, d.spent, d.visit)), '[]') INTO v_days
          FROM (SELECT s.local_day, sum(s.to_pay + s.turnover_off - coalesce(r.money, 0)) AS spent,
                       bool_or(s.is_visit AND s.status = 'committed') AS visit
                  FROM loyalty_sale s
                  LEFT JOIN LATERAL (SELECT sum(b.money + b.turnover_off) AS money FROM loyalty_return b
                                      WHERE b.program_id = p_program AND b.sale_id = s.id) r ON true
                 WHERE s.program_id = p_program AND s.account_id = p_account AND s.local_day >= v_since
                   AND s.status IN ('committed', 'voided')
                 GROUP BY s.local_day) d;
    END IF;
    IF (p_needs->>'remembers')::boolean THEN
        SELECT coalesce(jsonb_agg(jsonb_build_array(u.rule, u.period, u.given, u.times, u.measure)), '[]') INTO v_used
          FROM loyalty_ruleuse u
         WHERE u.program_id = p_program AND u.account_id = p_account
           AND u.period IN ('', to_char(p_day, 'YYYY-MM-DD'), to_char(p_day, 'IYYY-"W"IW'), to_char(p_day, 'YYYY-MM'));
    END IF;
    IF (p_needs->>'referred')::boolean THEN
        SELECT coalesce(jsonb_agg(a.first_purchase_at), '[]') INTO v_referred
          FROM loyalty_account a
         WHERE a.program_id = p_program AND a.referrer_id = p_account AND a.purchases > 0;
    END IF;
    RETURN jsonb_build_object('days', v_days, 'used', v_used, 'referred', v_referred);
END $$;

-- The version in force at a moment, and what it needs.
CREATE OR REPLACE FUNCTION loyalty_version_at(p_program bigint, p_at timestamptz, OUT number integer, OUT needs jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT v.number, v.needs INTO number, needs FROM loyalty_programversion v
     WHERE v.program_id = p_program AND v.published_at <= p_at
     ORDER BY v.published_at DESC, v.number DESC LIMIT 1;
END $$;

-- An account with its open lots and what the rules of the moment look back on.
CREATE OR REPLACE FUNCTION loyalty_account_with_history(p_program bigint, p_account bigint, p_now timestamptz)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_needs jsonb;
BEGIN
    SELECT v.needs INTO v_needs FROM loyalty_version_at(p_program, p_now) v;
    RETURN loyalty_account_json(p_program, p_account, p_now)
        || loyalty_history_json(p_program, p_account, v_needs, (p_now AT TIME ZONE 'UTC')::date - 1);
END $$;

-- An account and those above it who invited, nearest first, up to so many levels. Nobody stands in it twice.
CREATE OR REPLACE FUNCTION loyalty_uplines(p_program bigint, p_account bigint, p_levels integer)
RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    found bigint[] := ARRAY[p_account];
    next_one bigint := p_account;
BEGIN
    FOR level IN 1 .. coalesce(p_levels, 0) LOOP
        SELECT coalesce(r.merged_into_id, r.id) INTO next_one
          FROM loyalty_account a JOIN loyalty_account r ON r.id = a.referrer_id AND r.program_id = p_program
         WHERE a.program_id = p_program AND a.id = next_one;
        EXIT WHEN next_one IS NULL OR next_one = ANY (found);
        found := found || next_one;
    END LOOP;
    RETURN found[2:];
END $$;

-- Lock accounts in the order of their ids.
CREATE OR REPLACE FUNCTION loyalty_lock_accounts(p_program bigint, p_accounts bigint[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM loyalty_account a
      WHERE a.program_id = p_program AND a.id = ANY (p_accounts) ORDER BY a.id FOR NO KEY UPDATE;
END $$;

-- Before a write that touches several clients: they and those above them, three levels being the most.
CREATE OR REPLACE FUNCTION loyalty_lock_with_uplines(p_program bigint, p_accounts bigint[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM loyalty_lock_accounts(p_program, ARRAY(
        SELECT DISTINCT x FROM unnest(p_accounts) a
         CROSS JOIN LATERAL unnest(loyalty_uplines(p_program, a, 3) || coalesce(
             (SELECT m.merged_into_id FROM loyalty_account m WHERE m.id = a), a)) x));
END $$;

-- What budgets have given so far: {rule: [given, uses]}. With p_lock they are held, and the figures are final.
CREATE OR REPLACE FUNCTION loyalty_budgets_json(p_program bigint, p_rules text[], p_lock boolean)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_rule text;
    v_budget bigint;
BEGIN
    IF p_lock THEN
        -- One after the other, as a sale takes them: a budget, then its shares.
        FOR v_rule IN SELECT r FROM unnest(p_rules) r ORDER BY r COLLATE "C" LOOP
            INSERT INTO loyalty_budget (program_id, rule) VALUES (p_program, v_rule) ON CONFLICT DO NOTHING;
            SELECT b.id INTO v_budget FROM loyalty_budget b
             WHERE b.program_id = p_program AND b.rule = v_rule FOR UPDATE;
            PERFORM 1 FROM loyalty_budgetshare h
              WHERE h.program_id = p_program AND h.budget_id = v_budget ORDER BY h.id FOR UPDATE;
        END LOOP;
    END IF;
    RETURN (SELECT coalesce(jsonb_object_agg(t.rule, jsonb_build_array(t.given, t.uses)), '{}')
              FROM (SELECT b.rule, sum(h.given) AS given, sum(h.uses) AS uses
                      FROM loyalty_budget b JOIN loyalty_budgetshare h ON h.budget_id = b.id AND h.program_id = p_program
                     WHERE b.program_id = p_program AND b.rule = ANY (p_rules) GROUP BY b.rule) t);
END $$;

-- Take a sum, and one use, out of a budget. False, and nothing taken, where it does not hold so much.
-- A till first uses up what is lent to it: then no two tills wait for each other. Who runs short locks the budget,
-- takes back what the others have not given, and borrows anew; near the end there is nothing left to lend.
CREATE OR REPLACE FUNCTION loyalty_take_budget(
    p_program bigint, p_rule text, p_till bigint, p_given numeric, p_budget numeric, p_uses integer
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_budget bigint;
    v_given numeric;
    v_uses bigint;
    v_shares bigint;
BEGIN
    SELECT b.id INTO v_budget FROM loyalty_budget b WHERE b.program_id = p_program AND b.rule = p_rule;
    IF v_budget IS NULL THEN
        INSERT INTO loyalty_budget (program_id, rule) VALUES (p_program, p_rule) ON CONFLICT DO NOTHING;
        SELECT b.id INTO v_budget FROM loyalty_budget b WHERE b.program_id = p_program AND b.rule = p_rule;
    END IF;
    BEGIN
        UPDATE loyalty_budgetshare h SET given = h.given + p_given, lent = greatest(h.lent, h.given + p_given),
                                         uses = h.uses + 1, lent_uses = greatest(h.lent_uses, h.uses + 1)
         WHERE h.program_id = p_program AND h.budget_id = v_budget AND h.till_id = p_till
           AND (p_budget IS NULL OR h.given + p_given <= h.lent) AND (p_uses IS NULL OR h.uses + 1 <= h.lent_uses);
        IF FOUND THEN
            RETURN true;
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'KB002';
    EXCEPTION WHEN SQLSTATE 'KB002' THEN
        -- A share that was waited for stays locked even if it no longer fits, and its lock is in the wrong place:
        -- whoever holds the budget asks for it. Undoing the attempt lets go of it.
        NULL;
    END;
    PERFORM 1 FROM loyalty_budget b WHERE b.id = v_budget FOR UPDATE;
    PERFORM 1 FROM loyalty_budgetshare h WHERE h.program_id = p_program AND h.budget_id = v_budget
      ORDER BY h.id FOR UPDATE;
    SELECT coalesce(sum(h.given), 0), coalesce(sum(h.uses), 0), count(*) INTO v_given, v_uses, v_shares
      FROM loyalty_budgetshare h WHERE h.program_id = p_program AND h.budget_id = v_budget;
    IF v_given + p_given > p_budget OR v_uses + 1 > p_uses THEN
        RETURN false;
    END IF;
    UPDATE loyalty_budgetshare h SET lent = h.given, lent_uses = h.uses
     WHERE h.program_id = p_program AND h.budget_id = v_budget AND (h.lent <> h.given OR h.lent_uses <> h.uses);
    INSERT INTO loyalty_budgetshare AS h (program_id, budget_id, till_id, given, lent, uses, lent_uses)
    VALUES (p_program, v_budget, p_till, p_given,
            p_given + coalesce(floor((p_budget - v_given - p_given) / (4 * (v_shares + 1))), 0), 1,
            1 + coalesce((p_uses - v_uses - 1) / (4 * (v_shares + 1)), 0))
        ON CONFLICT (program_id, budget_id, till_id) DO UPDATE
       SET lent = h.given + excluded.lent, given = h.given + excluded.given,
           lent_uses = h.uses + excluded.lent_uses, uses = h.uses + 1;
    RETURN true;
END $$;

-- What a return or the end of a hold puts back.
CREATE OR REPLACE FUNCTION loyalty_refill_budget(p_program bigint, p_rule text, p_till bigint, p_given numeric, p_uses integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM loyalty_budget b WHERE b.program_id = p_program AND b.rule = p_rule FOR UPDATE;
    UPDATE loyalty_budgetshare h SET given = h.given - p_given, lent = h.lent - p_given,
                                     uses = h.uses - p_uses, lent_uses = h.lent_uses - p_uses
      FROM loyalty_budget b
     WHERE b.program_id = p_program AND b.rule = p_rule AND h.program_id = p_program AND h.budget_id = b.id
       AND h.till_id = p_till;
END $$;

-- The personal coupons that a cart names, as the engine wants them; strangers' are not told from unknown ones.
CREATE OR REPLACE FUNCTION loyalty_coupons_json(p_program bigint, p_account bigint, p_codes text[], p_at timestamptz, p_now timestamptz)
RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'code', c.code, 'rule', c.rule, 'title', c.title, 'percent', c.percent, 'amount', c.amount,
               'minimum', c.minimum,
               'refused', CASE WHEN c.cancelled_at IS NOT NULL THEN 'coupon_cancelled'
                               WHEN c.sale_id IS NOT NULL AND s.status <> 'ended'
                                    AND NOT (s.status = 'held' AND s.hold_until <= p_now) THEN 'coupon_used'
                               WHEN c.expires_at <= p_at THEN 'coupon_expired' ELSE '' END)), '[]')
      FROM loyalty_personalcoupon c LEFT JOIN loyalty_sale s ON s.id = c.sale_id
     WHERE c.program_id = p_program AND c.account_id = p_account AND c.code = ANY (p_codes)
$$;

-- What a sale does besides its lines and its client's books: others' books, budgets, coupons used and given.
CREATE OR REPLACE FUNCTION loyalty_write_consequences(p jsonb, p_sale bigint, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_program bigint := (p->>'program_id')::bigint;
    v_till bigint := (p->>'till_id')::bigint;
    part jsonb;
BEGIN
    FOR part IN SELECT * FROM jsonb_array_elements(p->'posts') LOOP
        PERFORM loyalty_post(part, p_sale, NULL);
    END LOOP;
    IF p->'coupons_used' <> '[]'::jsonb THEN
        UPDATE loyalty_personalcoupon c SET sale_id = p_sale
         WHERE c.program_id = v_program AND c.code IN (SELECT jsonb_array_elements_text(p->'coupons_used'));
    END IF;
    IF p->'coupons' <> '[]'::jsonb THEN
        INSERT INTO loyalty_personalcoupon (program_id, account_id, code, rule, title, percent, amount, minimum,
                                            expires_at, earned_by_id, created_at)
        SELECT v_program, c.account_id, c.code, c.rule, c.title, c.percent, c.amount, c.minimum, c.expires_at, p_sale, p_now
          FROM jsonb_populate_recordset(NULL::loyalty_personalcoupon, p->'coupons') c;
    END IF;
    IF p ? 'promo' THEN
        PERFORM loyalty_use_promo(v_program, p_sale, (p->>'account_id')::bigint, p->'promo', (p->>'at')::timestamptz, p_now);
    END IF;
    IF p ? 'certificates' THEN
        IF p->>'hold_until' IS NULL THEN
            PERFORM loyalty_take_certificates(
                v_program, p_sale, p->'certificates', (p->>'at')::timestamptz, p_now, p->>'actor');
        ELSE
            PERFORM loyalty_keep_certificates(v_program, p_sale, p->'certificates', (p->>'hold_until')::timestamptz);
        END IF;
    END IF;
    IF p ? 'issued' THEN
        PERFORM loyalty_issue_certificates(v_program, p_sale, p->'issued', p_now);
    END IF;
    -- Budgets come last, in the order of their rules (byte by byte, as a return goes through them): what all tills share
    -- is held for the shortest time.
    FOR part IN SELECT b FROM jsonb_array_elements(p->'budgets') b ORDER BY (b->>'rule') COLLATE "C" LOOP
        IF NOT loyalty_take_budget(v_program, part->>'rule', v_till, (part->>'given')::numeric,
                                   (part->>'budget')::numeric, (part->>'uses')::int) THEN
            RAISE EXCEPTION 'budget of % is used up', part->>'rule' USING ERRCODE = 'KB001';
        END IF;
    END LOOP;
END $$;

-- What the directory says of articles: [sku, earn, redeem, discount, min_price, category, brand]. An article that says
-- nothing of these has its category's flags; who is not in the directory is sold as it comes.
CREATE OR REPLACE FUNCTION loyalty_goods_json(p_program bigint, p_skus text[])
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_skus = '{}' THEN
        RETURN '[]';
    END IF;
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_array(
                       p.sku, coalesce(p.earn, c.earn, true), coalesce(p.redeem, c.redeem, true),
                       coalesce(p.discount, c.discount, true), coalesce(p.min_price, 0), p.category, p.brand)), '[]')
              FROM loyalty_product p
              LEFT JOIN loyalty_category c ON c.program_id = p.program_id AND c.name = p.category
             WHERE p.program_id = p_program AND p.sku = ANY (p_skus));
END $$;
