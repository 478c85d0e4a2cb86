"""Booking policies 预约规则 and special days 节假日与调休: kept by provinces, organisations and those who run an instrument.

A policy is never edited: a new version takes the place of the one in force, and bookings name the versions they were
made under. What each may set and which of several wins is in `rules.policies`; what a booking breaks, in `rules.terms`
and `rules.quotas`. Special days come from the State Council's yearly notice, imported as a province's data: they close
instruments that keep opening hours, or give a day off the hours of a working day.
"""
