"""Booking 预约: create, move, cancel; the week of an instrument; the calendar file."""
