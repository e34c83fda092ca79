"""Runs, effects, wake-ups, schedules and limits; the only package that knows Procrastinate."""
