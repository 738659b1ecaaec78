import datetime
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import loyalty.models.fields
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('campaigns', '0001_messages'),
        ('campaigns', '0002_campaigns'),
        ('campaigns', '0003_pace_of_campaigns'),
        ('campaigns', '0004_words_of_settings'),
        ('campaigns', '0005_where_it_went'),
        ('campaigns', '0006_presses_and_batches'),
    ]

    initial = True

    dependencies = [
        ('clients', '0001_squashed_0013_past_receipts'),
        ('loyalty', '0001_squashed_0029_codes_that_end'),
        ('merchants', '0001_squashed_0003_second_factor'),
        ('merchants', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('plan', models.JSONField(default=dict)),
                ('audience', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.segment', verbose_name='audience')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('running', 'running'), ('paused', 'paused'), ('finished', 'finished'), ('archived', 'in the archive')], default='draft', max_length=8, verbose_name='state')),
                ('why', models.CharField(blank=True, choices=[('date', 'its last day is over'), ('budget', 'its budget is spent'), ('goal', 'its goal is met'), ('done', 'all has been done')], max_length=6, verbose_name='why it ended')),
                ('revision', models.PositiveIntegerField(default=1)),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started')),
                ('mark', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('treated', models.PositiveIntegerField(default=0, verbose_name='clients treated')),
                ('points', models.DecimalField(decimal_places=2, default=0, max_digits=18, verbose_name='points given')),
                ('money', models.DecimalField(decimal_places=2, default=0, max_digits=18, verbose_name='certificates given')),
                ('hour_from', models.DateTimeField(blank=True, null=True)),
                ('hour_treated', models.PositiveIntegerField(db_default=0, default=0)),
                ('created_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='made')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='changed')),
            ],
            options={
                'verbose_name': 'campaign',
                'verbose_name_plural': 'campaigns',
                'indexes': [models.Index(models.F('id'), condition=models.Q(('state', 'running')), name='campaign_running')],
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('merchant'), models.F('name'), name='campaign_name_unique')],
            },
        ),
        migrations.CreateModel(
            name='CampaignBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='campaigns.campaign')),
                ('terms', models.CharField(max_length=32)),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.promobatch')),
            ],
            options={
                'verbose_name': 'promo codes of a campaign',
                'verbose_name_plural': 'promo codes of campaigns',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('campaign'), models.F('terms'), name='campaign_batch_unique')],
            },
        ),
        migrations.CreateModel(
            name='CampaignMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.program')),
                ('campaign', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='campaigns.campaign')),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='loyalty.account')),
            ],
            options={
                'verbose_name': 'client known to a campaign',
                'verbose_name_plural': 'clients known to campaigns',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('campaign'), models.F('account'), name='campaign_member_unique')],
            },
        ),
        migrations.CreateModel(
            name='CampaignPress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='presses', to='campaigns.campaign')),
                ('key', models.CharField(max_length=40)),
                ('at', models.DateTimeField(verbose_name='when')),
                ('by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done')),
                ('clients', models.PositiveIntegerField(blank=True, null=True, verbose_name='clients')),
            ],
            options={
                'verbose_name': 'press of the button of a campaign',
                'verbose_name_plural': 'presses of the buttons of campaigns',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('campaign'), models.F('key'), name='campaign_press_unique')],
            },
        ),
        migrations.CreateModel(
            name='CampaignSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('daily_cap', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)], verbose_name='Campaigns for one client in a day, at most')),
                ('holdout', models.DecimalField(decimal_places=2, default=0, max_digits=4, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(50)], verbose_name='Held out of all campaigns, share of clients in %')),
                ('holdout_since', models.DateTimeField(blank=True, null=True, verbose_name='held out since')),
            ],
            options={
                'verbose_name': 'settings of campaigns',
                'verbose_name_plural': 'settings of campaigns',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('merchant'), name='campaign_settings_unique')],
            },
        ),
        migrations.CreateModel(
            name='CampaignTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.program')),
                ('campaign', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='campaigns.campaign')),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='loyalty.account')),
                ('occasion', models.CharField(max_length=60, verbose_name='occasion')),
                ('state', models.CharField(choices=[('waiting', 'waits'), ('done', 'treated'), ('held_out', 'held out for comparison'), ('skipped', 'left out')], default='waiting', max_length=8, verbose_name='state')),
                ('why', models.CharField(blank=True, db_default='', max_length=12, verbose_name='why')),
                ('step', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('due_at', models.DateTimeField(null=True)),
                ('at', models.DateTimeField(null=True, verbose_name='when')),
                ('points', loyalty.models.fields.PointsField(db_default=Decimal('0'), decimal_places=2, default=Decimal('0'), max_digits=14, verbose_name='points')),
                ('money', loyalty.models.fields.MoneyField(db_default=Decimal('0'), decimal_places=2, default=Decimal('0'), max_digits=14, verbose_name='certificates')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'turn of a client',
                'verbose_name_plural': 'turns of clients',
                'indexes': [models.Index(models.F('campaign'), models.F('due_at'), models.F('id'), condition=models.Q(('due_at__isnull', False)), name='campaign_turn_due'), models.Index(models.F('program'), models.F('account'), models.F('at'), condition=models.Q(('at__isnull', False)), name='campaign_turn_client'), models.Index(fields=['program', 'campaign', '-id'], name='campaign_turn_newest')],
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('campaign'), models.F('account'), models.F('occasion'), name='campaign_turn_unique')],
            },
        ),
        migrations.CreateModel(
            name='ChannelRefusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.account')),
                ('channel', models.CharField(choices=[('email', 'e-mail'), ('sms', 'SMS'), ('push', 'push message'), ('telegram', 'Telegram')], max_length=8, verbose_name='channel')),
                ('address', models.CharField(blank=True, db_default='', default='', max_length=32)),
                ('at', models.DateTimeField(verbose_name='when')),
                ('source', models.CharField(max_length=40, verbose_name='where')),
            ],
            options={
                'verbose_name': 'refusal of a channel',
                'verbose_name_plural': 'refusals of channels',
                'indexes': [models.Index(models.F('program'), models.F('source'), name='channel_refusal_source')],
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('account'), models.F('channel'), models.F('address'), name='channel_refusal_unique')],
            },
        ),
        migrations.CreateModel(
            name='MessageSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='message_settings', to='merchants.merchant')),
                ('sender_name', models.CharField(blank=True, max_length=60, verbose_name='sender’s name in e-mail')),
                ('reply_to', models.EmailField(blank=True, max_length=254, verbose_name='answers go to')),
                ('sms_sender', models.CharField(blank=True, max_length=11, verbose_name='sender’s name in SMS')),
                ('quiet_from', models.TimeField(default=datetime.time(21, 0), verbose_name='quiet from')),
                ('quiet_until', models.TimeField(default=datetime.time(9, 0), verbose_name='quiet until')),
                ('cap_number', models.PositiveSmallIntegerField(default=3, verbose_name='advertising messages at the most')),
                ('cap_days', models.PositiveSmallIntegerField(default=7, verbose_name='in days')),
                ('sms_price', models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True, verbose_name='price of an SMS')),
                ('paced_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'settings of messages',
                'verbose_name_plural': 'settings of messages',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('merchant'), name='message_settings_unique')],
            },
        ),
        migrations.CreateModel(
            name='MessageTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('purpose', models.CharField(choices=[('advertising', 'advertising'), ('service', 'service notice')], default='advertising', max_length=11, verbose_name='purpose')),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), size=None, verbose_name='channels')),
                ('subject', models.CharField(blank=True, max_length=150, verbose_name='subject')),
                ('texts', models.JSONField(default=dict, verbose_name='texts')),
                ('is_copy', models.BooleanField(db_default=False, default=False, editable=False)),
                ('removed_at', models.DateTimeField(blank=True, null=True, verbose_name='removed')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='made')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='changed')),
            ],
            options={
                'verbose_name': 'message template',
                'verbose_name_plural': 'message templates',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('merchant'), models.F('name'), condition=models.Q(('is_copy', False), ('removed_at', None)), name='message_template_name_unique')],
            },
        ),
        migrations.CreateModel(
            name='Mailing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchant')),
                ('public_id', models.UUIDField(verbose_name='id')),
                ('template', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.messagetemplate')),
                ('title', models.CharField(max_length=80, verbose_name='name')),
                ('segment', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='clients.segment')),
                ('whom', models.CharField(blank=True, max_length=80, verbose_name='for whom')),
                ('expected', models.PositiveIntegerField(verbose_name='clients')),
                ('expected_cost', models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ('starts_at', models.DateTimeField(verbose_name='begins')),
                ('state', models.CharField(choices=[('planned', 'planned'), ('sending', 'is being sent'), ('paused', 'paused'), ('stopped', 'stopped'), ('done', 'done')], default='planned', max_length=7, verbose_name='state')),
                ('audience', models.PositiveIntegerField(blank=True, null=True, verbose_name='audience')),
                ('claim', models.UUIDField(null=True)),
                ('seen_at', models.DateTimeField(null=True)),
                ('results', models.JSONField(blank=True, null=True)),
                ('why', models.CharField(blank=True, max_length=300, verbose_name='why it failed')),
                ('created_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked')),
                ('began_at', models.DateTimeField(blank=True, null=True, verbose_name='began')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
            ],
            options={
                'verbose_name': 'mailing',
                'verbose_name_plural': 'mailings',
                'indexes': [models.Index(models.F('program'), models.F('merchant'), models.OrderBy(models.F('id'), descending=True), name='mailing_newest'), models.Index(models.F('starts_at'), condition=models.Q(('state', 'planned')), name='mailing_due'), models.Index(models.F('merchant'), condition=models.Q(('state', 'sending')), name='mailing_sending')],
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('public_id'), name='mailing_unique')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.program')),
                ('merchant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.merchant')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.account')),
                ('template', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.messagetemplate')),
                ('mailing', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='campaigns.mailing')),
                ('purpose', models.CharField(choices=[('advertising', 'advertising'), ('service', 'service notice')], max_length=11, verbose_name='purpose')),
                ('occasion', models.CharField(max_length=120)),
                ('source', models.CharField(max_length=40)),
                ('details', models.JSONField(db_default={}, default=dict)),
                ('state', models.CharField(choices=[('waiting', 'waits'), ('sending', 'is being sent'), ('sent', 'sent'), ('delivered', 'delivered'), ('failed', 'failed'), ('skipped', 'not sent')], db_default='waiting', default='waiting', max_length=9, verbose_name='state')),
                ('why', models.CharField(blank=True, db_default='', default='', max_length=20, verbose_name='why')),
                ('channel', models.CharField(blank=True, choices=[('email', 'e-mail'), ('sms', 'SMS'), ('push', 'push message'), ('telegram', 'Telegram')], db_default='', default='', max_length=8, verbose_name='channel')),
                ('due_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('claim', models.UUIDField(null=True)),
                ('begun_at', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('lost', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('public_id', models.UUIDField(default=uuid.uuid4)),
                ('gateway', models.CharField(blank=True, db_default='', default='', max_length=20)),
                ('gateway_id', models.CharField(blank=True, db_default='', default='', max_length=120)),
                ('cost', models.DecimalField(decimal_places=2, max_digits=10, null=True, verbose_name='cost')),
                ('address', models.CharField(blank=True, db_default='', default='', editable=False, max_length=32)),
                ('poll_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, verbose_name='asked')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
                'indexes': [models.Index(models.F('merchant'), models.F('purpose'), models.F('due_at'), condition=models.Q(('mailing__isnull', True), ('state__in', ['waiting', 'sending'])), name='message_due'), models.Index(models.F('mailing'), models.F('due_at'), condition=models.Q(('mailing__isnull', False), ('state__in', ['waiting', 'sending'])), name='message_due_of_mailing'), models.Index(models.F('program'), models.F('source'), models.F('state'), name='message_source'), models.Index(models.F('program'), models.F('account'), models.F('sent_at'), name='message_account'), models.Index(models.F('gateway'), models.F('gateway_id'), condition=models.Q(('gateway_id__gt', '')), name='message_gateway'), models.Index(models.F('poll_at'), condition=models.Q(('poll_at__isnull', False)), name='message_poll')],
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('occasion'), name='message_occasion_unique')],
            },
        ),
        migrations.CreateModel(
            name='PushSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.account')),
                ('digest', models.CharField(max_length=64)),
                ('endpoint', models.CharField(max_length=1000)),
                ('p256dh', models.CharField(max_length=120)),
                ('auth', models.CharField(max_length=60)),
                ('created_at', models.DateTimeField(verbose_name='subscribed')),
            ],
            options={
                'verbose_name': 'push subscription',
                'verbose_name_plural': 'push subscriptions',
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('account'), models.F('digest'), name='push_subscription_unique')],
            },
        ),
        migrations.CreateModel(
            name='TelegramLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.program')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.account')),
                ('chat', models.BigIntegerField()),
                ('linked_at', models.DateTimeField(verbose_name='linked')),
            ],
            options={
                'verbose_name': 'Telegram chat',
                'verbose_name_plural': 'Telegram chats',
                'indexes': [models.Index(models.F('chat'), name='telegram_link_chat')],
                'constraints': [models.UniqueConstraint(models.F('program'), models.F('account'), name='telegram_link_unique')],
            },
        ),
    ]
