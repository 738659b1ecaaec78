-- Accounts of one chunk, each with a phone, a virtual card and one opening lot; the books balance at COMMIT.
WITH account AS (
    INSERT INTO loyalty_account (program_id, merchant_id, public_id, status, block_reason, points, debt, tier,
                                 manual_tier, tier_gifts, spent, visits, purchases, first_purchase_at,
                                 last_purchase_at, tags, created_at)
    SELECT %(program)s, %(merchant)s, gen_random_uuid(), 'active', '', %(points)s, 0, 'silver', '', '{}', 20000, 12, 15,
           now() - interval '200 days', now() - interval '3 days', '{}', now() - interval '201 days'
      FROM generate_series(1, %(count)s)
    RETURNING id
), card AS (
    INSERT INTO loyalty_card (program_id, account_id, kind, number, status, created_at)
    SELECT %(program)s, id, kind, number, 'active', now()
      FROM account, LATERAL (VALUES ('phone', '+79' || lpad(id::text, 9, '0')),
                                    ('virtual', '77' || lpad(id::text, 10, '0'))) AS given (kind, number)
), lot AS (
    INSERT INTO loyalty_lot (program_id, account_id, merchant_id, rule, amount, rest, available_at, expires_at, created_at)
    SELECT %(program)s, id, %(merchant)s, 'opening', %(points)s, %(points)s, now() - interval '201 days', %(expires)s,
           now() - interval '201 days'
      FROM account
    RETURNING id, account_id
)
INSERT INTO loyalty_entry (program_id, account_id, kind, points, balance_after, lots, parts, rule, at, created_at,
                           actor, reason)
SELECT %(program)s, account_id, 'opening', %(points)s, %(points)s, ARRAY[id], ARRAY[%(points)s::numeric], 'opening',
       now() - interval '201 days', now() - interval '201 days', 'bench', ''
  FROM lot
