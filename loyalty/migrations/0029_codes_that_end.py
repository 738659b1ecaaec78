from django.db import migrations, models

from loyalty.sql import install


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0028_given_cards")]

    operations = [
        migrations.AddField(
            "promocode",
            "expires_at",
            models.DateTimeField(blank=True, null=True, verbose_name="good until"),
        ),
        install("promo"),
    ]
