"""Organisations 单位: legal persons that own instruments and employ people, one row per 统一社会信用代码 (USCC).

Words: *USCC* = the 18-character unified social credit code of GB 32100-2015; *adcode* = where the organisation sits
(GB/T 2260, city or county), curated apart from the code, because a code keeps the district of its first registration.
A USCC is unique over all provinces: it is a public register number, so refusing a second one gives nothing away.
A failing check digit is a warning: legal legacy codes exist, and a province admin may accept one with a reason.
A suspended organisation keeps its rows; what it owns is decided by the features above, which ask `public.py`.
"""
