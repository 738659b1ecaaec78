from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0004_words_of_settings")]

    operations = [
        migrations.AddField(
            "message",
            "address",
            models.CharField(blank=True, db_default="", default="", editable=False, max_length=32),
        ),
    ]
