"""Digits and letters as words of their own in the search text, so that BY3800 and BY-3800 are one."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
BEYOND_ASCII = r"\u00c0-\u024f\u0370-\u03ff"
TOGETHER, APART = f"[a-z0-9{BEYOND_ASCII}]+", f"[0-9]+|[a-z{BEYOND_ASCII}]+"
"""A run of digits and letters as one word, as migration 0005 had it, and as several."""

SEARCH = (
    "setweight(to_tsvector('simple', zh_bigram(name_zh || ' ' || name_en)), 'A') || "
    "setweight(to_tsvector('simple', zh_bigram(model || ' ' || manufacturer || ' ' || inner_id)), 'B') || "
    "setweight(to_tsvector('simple', zh_bigram(function || ' ' || technical || ' ' || service_content)), 'C') || "
    "array_to_tsvector(ARRAY['@' || organisation_id::text, "
    "'#' || left(adcode, 2), '#' || left(adcode, 4), '#' || adcode])"
)


def _words_are(latin: str) -> None:
    """Change what the function takes for a word; every row is computed again, and the index with it."""
    op.execute(f"""
CREATE OR REPLACE FUNCTION zh_bigram(document text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog
RETURN (
    SELECT coalesce(string_agg(
        CASE WHEN run[1] ~ '^[{HAN}]'
             THEN (SELECT string_agg(substr(run[1], at, 2), ' ' ORDER BY at) FROM generate_series(1, length(run[1])) AS at)
             ELSE run[1] END, ' ' ORDER BY place), '')
    FROM regexp_matches(lower(normalize(document, NFKC)), '([{HAN}]+|{latin})', 'g')
        WITH ORDINALITY AS found(run, place)
)
""")
    op.execute(f"ALTER TABLE instrument ALTER COLUMN search SET EXPRESSION AS ({SEARCH})")


def upgrade() -> None:
    _words_are(APART)


def downgrade() -> None:
    _words_are(TOGETHER)
