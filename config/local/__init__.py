"""Kopilka on one machine with nothing installed: `python -m config.local run`.

Starts PostgreSQL and Valkey from their wheels where no DATABASE_URL and no REDIS_URL are given,
then web, worker and beat, and stops all of it together. Knows nothing of Django: it prepares the
environment that settings.py reads, and starts processes.
"""
