"""Audit 审计: a province's auditors read its journal; nobody changes it.

An auditor sees the events on the own province's things, and what the own people did to things of another province. Who
acted is named when it was one of the own people; of someone from another province only the province is told, and no
filter finds out more.
"""
