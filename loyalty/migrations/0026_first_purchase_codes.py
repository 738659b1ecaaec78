from django.db import migrations

from loyalty.sql import install


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0025_moves_to_approve")]

    operations = [install("promo")]
