"""How long the texts of the register may be, and how much of them the national reporting form takes.

Two sources differ. What the register keeps is what a live client of the national interface keeps (§2.2 of the field's
description), ours where it has none: nothing that comes from such a client is cut or refused. The form itself, as its
guide has it, takes less (`NATIONAL_FORM`); a longer text is kept and its owner told.
"""

from collections.abc import Mapping

ENTRY: Mapping[str, int] = {
    "inner_id": 150,
    "name_zh": 300,
    "name_en": 100,
    "carrier_name": 300,
    "department": 150,
    "manufacturer": 150,
    "model": 300,
    "technical": 1500,
    "function": 900,
    "service_content": 600,
    "achievement": 1500,
    "requirement": 1500,
    "fee_note": 1500,
    "service_url": 100,
    "image_url": 300,
    "customs_declaration": 50,
    "customs_item": 2,
    "customs_form": 30,
    "customs_notice": 50,
    "address": 200,
    "contact_name": 150,
    "contact_phone": 20,
    "contact_email": 50,
}
"""Characters of each text of an entry."""
NATIONAL_FORM: Mapping[str, int] = {
    "name_zh": 50,
    "manufacturer": 100,
    "model": 100,
    "technical": 500,
    "function": 300,
    "service_content": 200,
    "requirement": 500,
    "fee_note": 500,
}
"""Characters of those texts that the national reporting form takes less of."""
NEVER_BLANK = frozenset({"inner_id", "name_zh"})
UNIT_LABEL = 100
UNIT_SERIAL = 100
FAMILY_NAME = 100
FAMILY_NOTE = 1000
FILE_NAME = 200
FILE_TITLE = 100
