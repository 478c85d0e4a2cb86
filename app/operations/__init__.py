"""Operations: what the platform's operators see and do. Counts, names of tasks and states; no province's rows.

An operator's account belongs to the tenant `000000`, which is no province: row-level security gives it public rows only.
What it is told beyond that are counts over all provinces, and a failed job can be run again without being read.
"""
