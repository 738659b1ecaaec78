from django.db import migrations

from loyalty.sql import install


class Migration(migrations.Migration):
    """Locks of budgets in one order: tills no longer meet crosswise, nor do they meet the end of holds so."""

    dependencies = [("loyalty", "0013_certificates_batch")]

    operations = [install("rewards", "sales", "sweeps")]
