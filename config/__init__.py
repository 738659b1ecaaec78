"""Wiring: settings, URLs, processes. The only package that may know all the others.

Nothing is imported here on purpose: the launcher (`config.local`) must not pay for Celery
and Django, so `celery -A config.celery` names the module.
"""
