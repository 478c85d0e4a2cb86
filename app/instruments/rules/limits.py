"""How long the texts of the register may be: the limits of the national reporting form, ours where it has none.

The form's are those of a live client of the national interface (§2.2 of the field's description): a safe lower bound,
so that no entry is refused there for its length.
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
NEVER_BLANK = frozenset({"inner_id", "name_zh"})
UNIT_LABEL = 100
UNIT_SERIAL = 100
