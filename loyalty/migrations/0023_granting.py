from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import ExtractDay, ExtractMonth

from loyalty.sql import install


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0022_past_receipts'),
    ]

    operations = [
        install("granting"),
        migrations.AddField(
            model_name='account',
            name='birthday_set_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(
                F('program'),
                ExtractMonth('birthday') * 100 + ExtractDay('birthday'),
                condition=Q(('birthday__isnull', False)),
                name='account_birthday',
            ),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(
                F('program'), F('account'), F('rule'),
                condition=Q(('rule__startswith', 'campaign:')), name='entry_granted_once',
            ),
        ),
    ]
