"""What happens after a call: rows first, Celery tasks second, and a sweeper for what a crash left behind."""
