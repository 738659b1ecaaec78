import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import loyalty.models.fields


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0007_merging'),
        ('loyalty', '0018_certificates_forget'),
        ('merchants', '0002_cashiers_and_looks'),
    ]

    operations = [
        migrations.AddField(
            model_name='consent',
            name='address',
            field=models.CharField(blank=True, db_default='', max_length=120, verbose_name='address'),
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('asked', 'asks to be erased'), ('dropped', 'stays after all'), ('done', 'erased')], default='asked', max_length=8, verbose_name='state')),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked')),
                ('source', models.CharField(blank=True, max_length=60, verbose_name='where')),
                ('until', models.DateTimeField(verbose_name='to be done until')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done')),
                ('points', loyalty.models.fields.PointsField(decimal_places=2, default=0, max_digits=14, verbose_name='points written off')),
                ('debt', loyalty.models.fields.PointsField(decimal_places=2, default=0, max_digits=14, verbose_name='debt written off')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.account')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
            ],
            options={
                'verbose_name': 'erasure of a client',
                'verbose_name_plural': 'erasures of clients',
            },
        ),
        migrations.CreateModel(
            name='Retention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('idle_years', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)], verbose_name='clients without any activity are erased after, years')),
                ('import_days', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name='loaded files of clients are deleted after, days')),
                ('address_days', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)], verbose_name='addresses of consents are deleted after, days')),
                ('program', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merchants.program')),
            ],
            options={
                'verbose_name': 'term of keeping',
                'verbose_name_plural': 'terms of keeping',
            },
        ),
        migrations.AddIndex(
            model_name='erasure',
            index=models.Index(models.F('program'), models.F('until'), condition=models.Q(('state', 'asked')), name='erasure_asked'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.UniqueConstraint(models.F('program'), models.F('account'), condition=models.Q(('state__in', ('asked', 'done'))), name='erasure_account_unique'),
        ),
    ]
