"""OWASP ASVS 5.0.0, chapters V6 to V10, levels 1 and 2: each requirement, and what shows that it is met."""

from tests.contract.asvs_accounts import V6, V7, V8
from tests.contract.asvs_tokens import V9, V10

LEVELS = {
    "6.1": "122",
    "6.2": "111111112222",
    "6.3": "11223333",
    "6.4": "112233",
    "6.5": "22222333",
    "6.6": "2223",
    "6.7": "33",
    "6.8": "2222",
    "7.1": "222",
    "7.2": "1111",
    "7.3": "22",
    "7.4": "11222",
    "7.5": "223",
    "7.6": "22",
    "8.1": "1233",
    "8.2": "1123",
    "8.3": "133",
    "8.4": "23",
    "9.1": "111",
    "9.2": "1222",
    "10.1": "22",
    "10.2": "223",
    "10.3": "22223",
    "10.4": "1111122222233333",
    "10.5": "22222",
    "10.6": "22",
    "10.7": "222",
}
"""The level of each requirement of a section, in order: 7.5.3 is the third digit of "7.5"."""

REQUIREMENTS = (*V6, *V7, *V8, *V9, *V10)
