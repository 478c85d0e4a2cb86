"""The journal: append-only rows that say what happened, to what, by whom; at once the audit row and the news.

Every write records one event in its own transaction. The row belongs to the province whose thing was changed
(`tenant_id`); the province of the one who acted (`actor_tenant_id`) sees it too. The application may insert and read
these rows, never change or delete them. `audit/` shows them to auditors.

Against those who can change tables all the same, each province's events are linked by hashes (`chain.py` has the form):
`sealing.py` adds links after the events are committed, so that writers never wait for one another; `anchors.py` signs the
head, to be kept outside; `verifying.py` finds what was done to it. Personal data is masked as it is written (`masking.py`).
"""
