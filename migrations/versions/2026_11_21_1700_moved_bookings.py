"""Why and from when the instrument's side moved a booking; buffers that never reach into the booked time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSTZRANGE

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RULES = {
    "buffers": "setup_min >= 0 AND teardown_min >= 0 AND occupied @> during",
    "moved": "(moved_from IS NULL) = (move_reason = '') AND char_length(move_reason) <= 500",
}


def upgrade() -> None:
    op.add_column("booking", sa.Column("moved_from", TSTZRANGE))
    op.add_column("booking", sa.Column("move_reason", sa.Text, server_default="", nullable=False))
    for name, rule in RULES.items():
        op.create_check_constraint(op.f(f"ck_booking_{name}"), "booking", rule)


def downgrade() -> None:
    for name in RULES:
        op.drop_constraint(op.f(f"ck_booking_{name}"), "booking")
    for name in ("move_reason", "moved_from"):
        op.drop_column("booking", name)
