"""Appointments, each with a room to meet in."""
