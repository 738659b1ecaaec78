from django.db import migrations

from loyalty.sql import install


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_initial"), ("merchants", "0001_initial")]
    operations = [install("books", "sales", "sweeps")]
