import datetime
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import merchants.models.program
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('merchants', '0001_initial'),
        ('merchants', '0002_cashiers_and_looks'),
        ('merchants', '0003_second_factor'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Program',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('currency', models.CharField(default='RUB', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$')], verbose_name='currency')),
                ('currency_digits', models.PositiveSmallIntegerField(choices=[(0, '0'), (2, '2')], default=2, verbose_name='decimal places of the currency')),
                ('precision', models.PositiveSmallIntegerField(choices=[(0, '0'), (2, '2')], default=0, verbose_name='decimal places of points')),
                ('time_zone', models.CharField(default='Europe/Moscow', max_length=64, validators=[merchants.models.program.validate_time_zone], verbose_name='time zone')),
                ('day_starts_at', models.TimeField(default=datetime.time(0, 0), verbose_name='the day starts at')),
                ('language', models.CharField(choices=[('ru', 'Русский'), ('en', 'English')], default='ru', max_length=2, verbose_name='language')),
                ('point_one', models.CharField(default='балл', max_length=30, verbose_name='point name, one')),
                ('point_few', models.CharField(default='балла', max_length=30, verbose_name='point name, two to four')),
                ('point_many', models.CharField(default='баллов', max_length=30, verbose_name='point name, many')),
                ('active_days', models.PositiveSmallIntegerField(default=90, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)], verbose_name='a client is active for, days')),
                ('join_by_sms', models.BooleanField(default=True, help_text='Whoever joins from the poster proves that the phone is his. Needs an SMS gateway.', verbose_name='check phones by SMS on joining')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'programme',
                'verbose_name_plural': 'programmes',
            },
        ),
        migrations.CreateModel(
            name='Merchant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merchants', to='merchants.program')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('legal_name', models.CharField(blank=True, max_length=200, verbose_name='legal name')),
                ('contacts', models.CharField(blank=True, max_length=200, verbose_name='contacts for clients')),
                ('colour', models.CharField(default='#0b6e4f', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-fA-F]{6}$')], verbose_name='colour')),
                ('second_factor', models.CharField(blank=True, choices=[('', 'Whoever wants one'), ('owners', 'Owners'), ('managers', 'Owners and managers'), ('everybody', 'Everybody of the team')], db_default='', default='', max_length=10, verbose_name='who must have a second factor')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'merchant',
                'verbose_name_plural': 'merchants',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('name'), name='merchant_name_unique')],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail')),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
                ('is_staff', models.BooleanField(default=False, verbose_name='platform operator')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'constraints': [models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='user_email_lower_case')],
            },
        ),
        migrations.CreateModel(
            name='Outlet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outlets', to='merchants.program')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outlets', to='merchants.merchant')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('address', models.CharField(blank=True, max_length=250, verbose_name='address')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'outlet',
                'verbose_name_plural': 'outlets',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('code'), name='outlet_code_unique')],
            },
        ),
        migrations.CreateModel(
            name='OutboxMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.program')),
                ('topic', models.CharField(max_length=40)),
                ('payload', models.JSONField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, db_default='', default='', max_length=200)),
            ],
            options={
                'verbose_name': 'outbox message',
                'verbose_name_plural': 'outbox',
                'indexes': [models.Index(models.F('due_at'), name='outbox_due')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='merchants.program')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='merchants.merchant')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('role', models.CharField(choices=[('owner', 'owner'), ('manager', 'manager'), ('operator', 'operator'), ('cashier', 'cashier'), ('reader', 'read-only')], max_length=10, verbose_name='role')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('outlets', models.ManyToManyField(blank=True, help_text='None chosen means all of them.', to='merchants.outlet', verbose_name='outlets')),
            ],
            options={
                'verbose_name': 'member',
                'verbose_name_plural': 'members',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('merchant'), models.F('user'), name='member_unique')],
            },
        ),
        migrations.CreateModel(
            name='Logo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='logo', to='merchants.merchant')),
                ('content', models.BinaryField()),
                ('content_type', models.CharField(max_length=20)),
                ('digest', models.CharField(max_length=64)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'logo',
                'verbose_name_plural': 'logos',
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='merchants.program')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='merchants.merchant')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('role', models.CharField(choices=[('owner', 'owner'), ('manager', 'manager'), ('operator', 'operator'), ('cashier', 'cashier'), ('reader', 'read-only')], max_length=10, verbose_name='role')),
                ('digest', models.BinaryField(max_length=32)),
                ('invited_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='accepted')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                ('outlets', models.ManyToManyField(blank=True, to='merchants.outlet', verbose_name='outlets')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('digest'), name='invitation_digest_unique'), models.UniqueConstraint(models.F('program'), models.F('merchant'), django.db.models.functions.text.Lower('email'), condition=models.Q(('accepted_at', None), ('revoked_at', None)), name='invitation_open_unique')],
            },
        ),
        migrations.CreateModel(
            name='Cashier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cashiers', to='merchants.merchant')),
                ('name', models.CharField(max_length=64, verbose_name='name')),
                ('pin', models.CharField(editable=False, max_length=128, verbose_name='hash of the PIN')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('outlets', models.ManyToManyField(blank=True, help_text='None chosen means all of them.', to='merchants.outlet', verbose_name='outlets')),
            ],
            options={
                'verbose_name': 'cashier',
                'verbose_name_plural': 'cashiers',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('merchant'), models.F('name'), name='cashier_name_unique')],
            },
        ),
        migrations.CreateModel(
            name='AuditRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='when')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
                ('actor', models.CharField(blank=True, max_length=120, verbose_name='acting')),
                ('action', models.CharField(max_length=60, verbose_name='action')),
                ('object_type', models.CharField(blank=True, max_length=40, verbose_name='object')),
                ('object_id', models.CharField(blank=True, max_length=64, verbose_name='object id')),
                ('details', models.JSONField(default=dict, verbose_name='details')),
                ('reason', models.CharField(blank=True, max_length=250, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'audit record',
                'verbose_name_plural': 'audit log',
                'indexes': [models.Index(fields=['program', '-at'], name='audit_program_at')],
            },
        ),
        migrations.CreateModel(
            name='Till',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tills', to='merchants.program')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tills', to='merchants.merchant')),
                ('outlet', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tills', to='merchants.outlet')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'till',
                'verbose_name_plural': 'tills',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('outlet'), models.F('name'), name='till_name_unique')],
            },
        ),
        migrations.CreateModel(
            name='TillKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='till_keys', to='merchants.program')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='merchants.till')),
                ('digest', models.BinaryField(max_length=32, verbose_name='SHA-256 of the key')),
                ('hint', models.CharField(editable=False, max_length=4, verbose_name='last characters')),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('sell', 'sell'), ('enrol', 'enrol'), ('adjust', 'adjust'), ('read', 'read')], max_length=10), size=None, verbose_name='scopes')),
                ('device', models.CharField(blank=True, help_text='The phone that shows the till page; empty for an API key.', max_length=80, verbose_name='phone')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='revoked')),
            ],
            options={
                'verbose_name': 'till key',
                'verbose_name_plural': 'till keys',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('digest'), name='till_key_digest_unique')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditrecord',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='d562336b262292ccc62e4cd225c2c09078bb9078', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_01cc0', table='merchants_auditrecord', when='BEFORE')),
        ),
    ]
