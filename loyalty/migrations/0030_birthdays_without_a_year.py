from django.db import migrations, models

from loyalty.sql import install


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0029_codes_that_end")]

    operations = [
        migrations.AddField(
            "account",
            "birthday_year_known",
            models.BooleanField(db_default=True, default=True, verbose_name="year of birth known"),
        ),
        install("books"),
    ]
