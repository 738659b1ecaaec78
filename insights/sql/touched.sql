-- Which programmes had anything written since their watermarks: the days of their receipts, and of receipts that were
-- held when they were last looked at. Parameters: since (the oldest watermark, for the indexes), overlap.
WITH watermark AS (
    SELECT program_id, seen_until - %(overlap)s AS since, holding
      FROM insights_rollup WHERE next_day IS NULL
), written AS (
    SELECT s.program_id, s.local_day AS day
      FROM loyalty_sale s JOIN watermark w ON w.program_id = s.program_id AND s.created_at >= w.since
     WHERE s.created_at >= %(since)s
     GROUP BY 1, 2
    UNION ALL
    SELECT e.program_id, NULL
      FROM loyalty_entry e JOIN watermark w ON w.program_id = e.program_id AND e.created_at >= w.since
     WHERE e.created_at >= %(since)s
     GROUP BY 1
    UNION ALL
    SELECT r.program_id, NULL
      FROM loyalty_return r JOIN watermark w ON w.program_id = r.program_id AND r.created_at >= w.since
     WHERE r.created_at >= %(since)s
     GROUP BY 1
    UNION ALL
    SELECT w.program_id, NULL
      FROM watermark w
     WHERE EXISTS (SELECT FROM loyalty_account a WHERE a.program_id = w.program_id AND a.created_at >= w.since)
    UNION ALL
    SELECT program_id, unnest(holding) FROM watermark
)
SELECT program_id, coalesce(array_agg(DISTINCT day) FILTER (WHERE day IS NOT NULL), '{}') FROM written GROUP BY 1
