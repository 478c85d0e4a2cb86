from app.web.provinces import NAMES, province_name


def test_the_provincial_divisions_are_complete() -> None:
    assert len(NAMES) == 34
    assert len({name.character for name in NAMES.values()}) == 34


def test_names_in_both_languages() -> None:
    assert province_name("330000").text("zh") == "浙江"
    assert province_name("150000").text("en") == "Inner Mongolia"
    assert province_name("990000").text("en") == "990000"
