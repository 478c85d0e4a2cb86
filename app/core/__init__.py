"""The ground floor: knows no feature.

Database sessions, problems (RFC 9457), the clock, cursors, entity tags, text rules, translation, tables (CSV/XLSX),
logs and metrics. Everything here is usable without the rest of the platform; nothing here imports it.
"""
