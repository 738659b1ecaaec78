from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0026_first_purchase_codes")]

    operations = [
        migrations.AddIndex(
            "promocode",
            models.Index("program", "batch", condition=Q(account__isnull=False), name="promo_code_given"),
        ),
        migrations.AddIndex(
            "promocodeuse",
            models.Index(
                "program",
                "batch",
                "at",
                include=["sale", "money", "points"],
                condition=Q(released_at=None),
                name="promo_use_live",
            ),
        ),
    ]
