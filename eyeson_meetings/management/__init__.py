"""What people and cron type: `manage.py eyeson_...`."""
