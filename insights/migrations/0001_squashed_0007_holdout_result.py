import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import insights.models.fields
import loyalty.models.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('insights', '0001_initial'),
        ('insights', '0002_backtest'),
        ('insights', '0003_receipt_file'),
        ('insights', '0004_kinds_of_points'),
        ('insights', '0005_loaded_receipts'),
        ('insights', '0006_campaign_results'),
        ('insights', '0007_holdout_result'),
    ]

    initial = True

    dependencies = [
        ('campaigns', '0001_squashed_0006_presses_and_batches'),
        ('merchants', '0001_squashed_0003_second_factor'),
        ('merchants', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='BackTest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('document', models.JSONField(verbose_name='rules')),
                ('digest', models.CharField(max_length=64, verbose_name='SHA-256 of the rules')),
                ('live', models.PositiveIntegerField(default=0, verbose_name='version in force')),
                ('since', models.DateTimeField(verbose_name='from')),
                ('until', models.DateTimeField(verbose_name='up to')),
                ('margin', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='margin, %')),
                ('state', models.CharField(choices=[('waiting', 'waits for its turn'), ('running', 'is running'), ('done', 'ready'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='waiting', max_length=9, verbose_name='state')),
                ('receipts', models.PositiveIntegerField(default=0, verbose_name='receipts')),
                ('loaded', models.PositiveIntegerField(db_default=0, default=0, verbose_name='receipts from a file')),
                ('done', models.PositiveIntegerField(default=0, verbose_name='receipts done')),
                ('result', models.JSONField(null=True)),
                ('claim', models.UUIDField(null=True)),
                ('seen_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
            ],
            options={
                'verbose_name': 'back test',
                'verbose_name_plural': 'back tests',
                'indexes': [models.Index(fields=['program', 'merchant', '-id'], name='back_test_newest'), models.Index(models.F('id'), condition=models.Q(('state__in', ['waiting', 'running'])), name='back_test_due')],
            },
        ),
        migrations.CreateModel(
            name='CampaignResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
                ('measured_at', models.DateTimeField(verbose_name='measured')),
                ('found', models.JSONField()),
            ],
            options={
                'verbose_name': 'result of a campaign',
                'verbose_name_plural': 'results of campaigns',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('campaign'), name='campaign_result_unique')],
            },
        ),
        migrations.CreateModel(
            name='DayTotals',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.merchant')),
                ('outlet', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.outlet')),
                ('till', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.till')),
                ('cashier', models.CharField(blank=True, max_length=64)),
                ('local_day', models.DateField()),
                ('with_client', models.BooleanField()),
                ('receipts', models.PositiveIntegerField(default=0)),
                ('total', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('discount', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('points_redeemed', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('points_value', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('to_pay', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('points_earned', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('returns', models.PositiveIntegerField(default=0)),
                ('voids', models.PositiveIntegerField(default=0)),
                ('returned_money', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('returned_discount', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('returned_points', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('returned_points_value', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
                ('returned_earned', insights.models.fields.SumField(decimal_places=2, default=0, max_digits=24)),
            ],
            options={
                'verbose_name': 'totals of a day',
                'verbose_name_plural': 'totals of days',
                'indexes': [models.Index(models.F('program'), models.F('merchant'), models.F('local_day'), name='day_totals_merchant')],
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('local_day'), models.F('merchant'), models.F('outlet'), models.F('till'), models.F('cashier'), models.F('with_client'), name='day_totals_unique')],
            },
        ),
        migrations.CreateModel(
            name='HoldoutResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('since', models.DateTimeField(verbose_name='held out since')),
                ('measured_at', models.DateTimeField(verbose_name='measured')),
                ('found', models.JSONField()),
            ],
            options={
                'verbose_name': 'result of all campaigns together',
                'verbose_name_plural': 'results of all campaigns together',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('merchant'), name='holdout_result_unique')],
            },
        ),
        migrations.CreateModel(
            name='NewClients',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.merchant')),
                ('local_day', models.DateField()),
                ('clients', models.PositiveIntegerField()),
            ],
            options={
                'verbose_name': 'new clients of a day',
                'verbose_name_plural': 'new clients of days',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('merchant'), models.F('local_day'), name='new_clients_unique')],
            },
        ),
        migrations.CreateModel(
            name='PointsDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.merchant')),
                ('local_day', models.DateField()),
                ('kind', models.CharField(choices=[('opening', 'opening balance'), ('earn', 'earned'), ('redeem', 'redeemed'), ('expire', 'expired'), ('clawback', 'earning taken back'), ('reinstate', 'redeemed points returned'), ('adjust', 'by hand'), ('move', 'moved between two cards of one client')], max_length=10)),
                ('entries', models.PositiveIntegerField()),
                ('given', insights.models.fields.SumField(decimal_places=2, max_digits=24)),
                ('taken', insights.models.fields.SumField(decimal_places=2, max_digits=24)),
            ],
            options={
                'verbose_name': 'points of a day',
                'verbose_name_plural': 'points of days',
                'indexes': [models.Index(models.F('program'), models.F('merchant'), models.F('local_day'), name='points_day_merchant')],
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('local_day'), models.F('merchant'), models.F('kind'), name='points_day_unique')],
            },
        ),
        migrations.CreateModel(
            name='ReceiptFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('back_test', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='file', to='insights.backtest')),
                ('file_name', models.CharField(max_length=120, verbose_name='file')),
                ('spend', models.BooleanField(default=True, verbose_name='points are spent')),
                ('columns', models.JSONField(default=list, verbose_name='columns')),
                ('unused', models.JSONField(default=list, verbose_name='columns not needed')),
                ('rows', models.PositiveIntegerField(default=0, verbose_name='lines')),
                ('content', models.BinaryField(null=True)),
                ('facts', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'file of receipts',
                'verbose_name_plural': 'files of receipts',
                'indexes': [models.Index(models.F('program'), condition=models.Q(('content__isnull', False)), name='receipt_file_kept')],
            },
        ),
        migrations.CreateModel(
            name='RollUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.program')),
                ('seen_until', models.DateTimeField(verbose_name='seen until')),
                ('holding', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), default=list, size=None)),
                ('first_day', models.DateField(null=True)),
                ('next_day', models.DateField(null=True)),
            ],
            options={
                'verbose_name': 'progress of the roll-ups',
                'verbose_name_plural': 'progress of the roll-ups',
            },
        ),
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.merchant')),
                ('local_day', models.DateField()),
                ('at', models.DateTimeField(verbose_name='when')),
                ('took_ms', models.PositiveIntegerField()),
                ('clients', models.PositiveIntegerField(verbose_name='clients')),
                ('active_days', models.PositiveSmallIntegerField()),
                ('active', models.PositiveIntegerField(verbose_name='active clients')),
                ('buyers', models.PositiveIntegerField()),
                ('repeat_buyers', models.PositiveIntegerField()),
                ('outstanding', insights.models.fields.SumField(decimal_places=2, max_digits=24, verbose_name='points outstanding')),
                ('entered', insights.models.fields.SumField(decimal_places=2, max_digits=24)),
            ],
            options={
                'verbose_name': 'snapshot',
                'verbose_name_plural': 'snapshots',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('merchant'), models.F('local_day'), name='snapshot_unique')],
            },
        ),
        migrations.CreateModel(
            name='ZReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('outlet', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.outlet')),
                ('day', models.DateField(verbose_name='day')),
                ('total', loyalty.models.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='total')),
                ('receipts', models.PositiveIntegerField(blank=True, null=True, verbose_name='receipts')),
                ('entered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'Z-report',
                'verbose_name_plural': 'Z-reports',
                'indexes': [models.Index(models.F('program'), models.F('merchant'), models.F('day'), name='z_report_merchant')],
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('outlet'), models.F('day'), name='z_report_unique'), models.CheckConstraint(condition=models.Q(('total__gte', 0)), name='z_report_not_negative')],
            },
        ),
    ]
