from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clients", "0013_past_receipts")]

    operations = [
        migrations.AddField(
            "client",
            "birthday_year_known",
            models.BooleanField(db_default=True, default=True, verbose_name="year of birth known"),
        ),
    ]
