-- All phones and cards of a file.
CREATE TEMPORARY TABLE IF NOT EXISTS import_number (number text, account bigint);
TRUNCATE pg_temp.import_number;
INSERT INTO pg_temp.import_number
SELECT l.phone, l.account FROM clients_clientimportline l WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome <> 'refused' AND l.phone IS NOT NULL
UNION ALL
SELECT regexp_replace(c, '^v:', ''), l.account FROM clients_clientimportline l CROSS JOIN LATERAL unnest(l.cards) c
 WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome <> 'refused';
CREATE INDEX IF NOT EXISTS import_number_number ON pg_temp.import_number (number);
ANALYZE pg_temp.import_number
