"""The rest of the national form, places in the search text, and a length for every text."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXTS = (
    "department",
    "image_url",
    "customs_notice",
    "customs_declaration",
    "customs_item",
    "customs_form",
    "postcode",
)
DATES = ("customs_until", "customs_imported_on")

# Where an entry is narrower than before (name_en, contact_phone, contact_email), one that is too long stops the
# migration with the constraint's name: what the national form would refuse is for its owner to shorten, not for us to cut.
RULES: dict[str, dict[str, str]] = {
    "instrument": {
        "name_zh": "char_length(name_zh) BETWEEN 1 AND 300",
        "name_en": "char_length(name_en) <= 100",
        "carrier_name": "char_length(carrier_name) <= 300",
        "department": "char_length(department) <= 150",
        "manufacturer": "char_length(manufacturer) <= 150",
        "model": "char_length(model) <= 300",
        "technical": "char_length(technical) <= 1500",
        "function": "char_length(function) <= 900",
        "service_content": "char_length(service_content) <= 600",
        "achievement": "char_length(achievement) <= 1500",
        "requirement": "char_length(requirement) <= 1500",
        "fee_note": "char_length(fee_note) <= 1500",
        "service_url": "char_length(service_url) <= 100",
        "image_url": "char_length(image_url) <= 300",
        "customs_declaration": "char_length(customs_declaration) <= 50",
        "customs_item": "char_length(customs_item) <= 2",
        "customs_form": "char_length(customs_form) <= 30",
        "customs_notice": "char_length(customs_notice) <= 50",
        "address": "char_length(address) <= 200",
        "contact_name": "char_length(contact_name) <= 150",
        "contact_phone": "char_length(contact_phone) <= 20",
        "contact_email": "char_length(contact_email) <= 50",
        "adcode": "adcode ~ '^[0-9]{6}$'",
        "postcode": "postcode ~ '^([0-9]{6})?$'",
        "nation": "nation ~ '^([A-Z]{2})?$'",
        "tz": "char_length(tz) <= 64",
    },
    "instrument_unit": {"serial": "char_length(serial) <= 100"},
    "booking": {
        "cancel_reason": "char_length(cancel_reason) <= 500",
        "names": "char_length(requester_name) <= 100 AND char_length(organisation_name) <= 200 "
        "AND char_length(instrument_name) <= 300 AND char_length(unit_label) <= 100 AND char_length(tz) <= 64",
    },
    "instrument_import_row": {"texts": "char_length(inner_id) <= 150 AND char_length(name) <= 300"},
    "province": {"short_zh": "char_length(short_zh) BETWEEN 1 AND 20"},
    "organisation": {"name_key": "char_length(name_key) <= 1600"},
    "journal_event": {
        "texts": "subject_type ~ '^[a-z_]{1,50}$' AND char_length(subject_id) <= 200 "
        "AND char_length(request_id) <= 100"
    },
    "identity_provider": {"client_id": "char_length(client_id) BETWEEN 1 AND 255"},
    "oauth_grant": {"client_name": "char_length(client_name) BETWEEN 1 AND 100"},
    "oauth_code": {
        "texts": "char_length(redirect_uri) <= 2000 AND char_length(challenge) <= 128 "
        "AND char_length(nonce) <= 1000"
    },
    "signing_key": {"kid": "char_length(kid) BETWEEN 1 AND 100"},
}
NAMES_BEFORE = "char_length(name_zh) BETWEEN 1 AND 300 AND char_length(name_en) <= 300"

SEARCH_BEFORE = (
    "setweight(to_tsvector('simple', zh_bigram(name_zh || ' ' || name_en)), 'A') || "
    "setweight(to_tsvector('simple', zh_bigram(model || ' ' || manufacturer || ' ' || inner_id)), 'B') || "
    "setweight(to_tsvector('simple', zh_bigram(function || ' ' || technical || ' ' || service_content)), 'C') || "
    "array_to_tsvector(ARRAY['@' || organisation_id::text])"
)
# A place is kept by its code, at three levels, so that 杭州 finds what stands in each of its counties, and a place that is
# renamed needs no rewriting.
SEARCH = SEARCH_BEFORE.removesuffix("])") + (
    ", '#' || left(adcode, 2), '#' || left(adcode, 4), '#' || adcode])"
)


def _search_is(expression: str) -> None:
    """Change what the column is generated from; every row is computed again, and the index with it."""
    op.execute(f"ALTER TABLE instrument ALTER COLUMN search SET EXPRESSION AS ({expression})")


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("instrument", sa.Column(name, sa.Text, server_default="", nullable=False))
    for name in DATES:
        op.add_column("instrument", sa.Column(name, sa.Date))
    op.drop_constraint(op.f("ck_instrument_names"), "instrument")
    for table, rules in RULES.items():
        for name, rule in rules.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
    _search_is(SEARCH)


def downgrade() -> None:
    _search_is(SEARCH_BEFORE)
    for table, rules in RULES.items():
        for name in rules:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f("ck_instrument_names"), "instrument", NAMES_BEFORE)
    for name in (*TEXTS, *DATES):
        op.drop_column("instrument", name)
