"""What a database's schemas hold, as sorted lines that can be compared."""

import asyncpg

COLUMNS = """
    SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
           || coalesce(CASE a.attgenerated WHEN '' THEN ' default ' ELSE ' generated ' END
                       || pg_get_expr(d.adbin, d.adrelid), '')
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = $1::regnamespace AND contype <> 'n'
"""
INDEXES = "SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = $1::regnamespace"
POLICIES = """
    SELECT concat_ws(' ', tablename, policyname, roles::text, cmd, qual, '/', with_check) FROM pg_policies
    WHERE schemaname = $1::regnamespace::text
"""
RIGHTS = """
    SELECT concat_ws(' ', relname, relkind::text, relowner::regrole::text, relrowsecurity::text, relforcerowsecurity::text,
                     (SELECT string_agg(right_::text, ',' ORDER BY right_::text) FROM unnest(relacl) right_))
    FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind NOT IN ('i', 't')
"""
FUNCTIONS = """
    SELECT concat_ws(' ', pg_get_functiondef(p.oid), proowner::regrole::text,
                     (SELECT string_agg(right_::text, ',' ORDER BY right_::text) FROM unnest(proacl) right_))
    FROM pg_proc p WHERE pronamespace = $1::regnamespace AND prokind = 'f'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
TRIGGERS = """
    SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE relnamespace = $1::regnamespace AND NOT tgisinternal
"""
SCHEMAS = """
    SELECT nspname::text || ' ' || coalesce(nspacl::text, '') FROM pg_namespace
    WHERE nspname !~ '^(pg_|information_schema)'
"""


async def tables_of(connection: asyncpg.Connection, schema: str) -> list[str]:
    """The columns, constraints and indexes of one schema, without its name."""
    lines = [
        str(row[0])
        for query in (COLUMNS, CONSTRAINTS, INDEXES)
        for row in await connection.fetch(query, schema)
    ]
    return sorted(line.replace(f"{schema}.", "") for line in lines)


async def snapshot(connection: asyncpg.Connection) -> list[str]:
    """Everything in the database's own schemas: tables, policies, rights, functions, triggers."""
    lines = [str(row[0]) for row in await connection.fetch(SCHEMAS)]
    for schema in [line.split(" ", 1)[0] for line in lines]:
        lines += await tables_of(connection, schema)
        for query in (POLICIES, RIGHTS, FUNCTIONS, TRIGGERS):
            lines += [f"{schema}: {row[0]}" for row in await connection.fetch(query, schema)]
    return sorted(lines)
