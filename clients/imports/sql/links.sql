-- Who was said to have invited whom: asked again and again while an import is taken back.
CREATE TEMPORARY TABLE IF NOT EXISTS import_link (account bigint, invited_by bigint);
TRUNCATE pg_temp.import_link;
INSERT INTO pg_temp.import_link
SELECT l.account, l.invited_by FROM clients_clientimportline l
 WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh' AND l.invited_by IS NOT NULL;
CREATE INDEX IF NOT EXISTS import_link_account ON pg_temp.import_link (account);
ANALYZE pg_temp.import_link
