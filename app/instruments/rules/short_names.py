"""The short names people type for methods of the field, and what registers call them: 电镜 is 电子显微镜, XRD X 射线衍射.

Common terms of the field, none of anybody's list; each group's words mean the same and are looked for in both directions.
"""

_GROUPS: tuple[tuple[str, ...], ...] = tuple(
    tuple(line.split())
    for line in """
    电子显微镜 电镜
    扫描电子显微镜 扫描电镜 sem
    透射电子显微镜 透射电镜 tem
    聚焦离子束 fib
    原子力显微镜 afm
    扫描隧道显微镜 stm
    共聚焦 clsm
    x射线衍射 xrd
    x射线光电子能谱 xps
    x射线荧光 xrf
    核磁共振 核磁 nmr
    磁共振成像 mri
    顺磁共振 epr esr
    红外光谱 红外 ftir
    拉曼 raman
    高效液相色谱 hplc
    液相色谱 液相
    气相色谱 气相
    液相色谱质谱 液质 lcms
    气相色谱质谱 气质 gcms
    电感耦合等离子体 icp
    飞行时间 tof
    差示扫描量热 dsc
    热重 tga
    比表面积 比表面 bet
    动态光散射 dls
    流式细胞 facs
    聚合酶链式反应 pcr
    超导量子干涉 squid
    """.strip().splitlines()
)
MOST = 8
"""Alternatives of one word; each costs an index scan."""


def alternatives(word: str) -> list[list[str]]:
    """The ways a record may say a word (folded, as `search.words` gives it): in each, all words are needed.

    A short name inside a longer word parts it, for registers put words between: 冷冻电镜 is 冷冻…电子显微镜.
    """
    plain = word.replace("-", "").replace("/", "")
    found = [[word]]
    for group in _GROUPS:
        known = max((name for name in group if _means(plain, name)), key=len, default=None)
        if known is not None:
            before, _, after = plain.partition(known)
            found += [[part for part in (before, name, after) if part] for name in group if name not in plain]
    return found[:MOST]


def _means(word: str, name: str) -> bool:
    """Latin letters stand for a method only alone: `system` is no scanning microscope."""
    return word == name if name.isascii() else name in word
