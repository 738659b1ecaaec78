from django.db import migrations, models

# Who withdrew the consent to processing before there was a list of those to be erased. A «no» of a loaded file is not
# a withdrawal: nobody has asked for anything.
OLD_WITHDRAWALS = """
INSERT INTO clients_erasure (program_id, merchant_id, account_id, state, asked_at, source, until, points, debt,
                             block_reason)
SELECT c.program_id, a.merchant_id, a.id, 'asked', k.at, k.source, k.at + interval '30 days', 0, 0, ''
  FROM (SELECT DISTINCT ON (program_id, client_id) client_id, given, at, source
          FROM clients_consent WHERE kind = 'processing'
         ORDER BY program_id, client_id, at DESC, id DESC) k
  JOIN clients_client c ON c.id = k.client_id
  JOIN loyalty_account a ON a.id = c.account_id
 WHERE NOT k.given AND k.source NOT LIKE 'import%'
   AND NOT EXISTS (SELECT FROM clients_erasure e WHERE e.program_id = c.program_id AND e.account_id = a.id)
"""
# The words that asking has blocked a card with until now, in either language.
BLOCKED_BY_ASKING = """
UPDATE clients_erasure e SET block_reason = a.block_reason
  FROM loyalty_account a
 WHERE a.id = e.account_id AND e.state = 'asked' AND e.block_reason = '' AND a.status = 'blocked'
   AND a.block_reason IN ('Consent to processing withdrawn', 'Отозвано согласие на обработку данных')
"""


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0010_certificates_for_many'),
    ]

    operations = [
        migrations.AddField(
            model_name='erasure',
            name='block_reason',
            field=models.CharField(blank=True, db_default='', max_length=250),
        ),
        migrations.RunSQL(OLD_WITHDRAWALS, migrations.RunSQL.noop),
        migrations.RunSQL(BLOCKED_BY_ASKING, migrations.RunSQL.noop),
    ]
