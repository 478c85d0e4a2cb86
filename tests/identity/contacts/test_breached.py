"""The list of breached passwords: made from files of any order, searched without loading it."""

import hashlib
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.identity.contacts import breached
from app.identity.contacts.breached import file_of, is_breached, take_over
from app.identity.contacts.strength import hash_chosen
from app.settings import Settings
from tests.support.accounts import PASSWORD


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def hibp(password: str, count: int = 3) -> str:
    return f"{hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()}:{count}"


def test_hashes_and_plain_passwords_of_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breached, "RUN", 3)
    hashes = written(tmp_path / "hibp.txt", [hibp(f"password {n}") for n in range(10)])
    plain = written(tmp_path / "plain.txt", ["password 3", "密码一二三四", "", "tab\tinside"])
    path = tmp_path / "list"
    assert take_over(path, [hashes, plain]) == 12
    for known in (*(f"password {n}" for n in range(10)), "密码一二三四", "tab\tinside"):
        assert is_breached(path, known)
    for unknown in ("password 10", "password", "", hibp("password 1")):
        assert not is_breached(path, unknown)
    assert path.stat().st_size == len(breached.MAGIC) + 12 * breached.WIDTH
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["hibp.txt", "list", "plain.txt"]


def test_without_a_list_nothing_is_breached(tmp_path: Path) -> None:
    assert not is_breached(tmp_path / "absent", "password")


def test_a_new_list_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "list"
    take_over(path, [written(tmp_path / "a", ["old one"])])
    take_over(path, [written(tmp_path / "b", ["new one"])])
    assert (is_breached(path, "old one"), is_breached(path, "new one")) == (False, True)


def test_an_empty_file_makes_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "list"
    assert take_over(path, [written(tmp_path / "a", [])]) == 0
    assert not is_breached(path, "anything")


@given(st.sets(st.text("abc", min_size=1, max_size=5), min_size=1), st.text("abc", max_size=5))
def test_it_finds_what_is_in_it_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, known: set[str], asked: str
) -> None:
    folder = tmp_path_factory.mktemp("lists")
    shuffled = random.Random(1).sample(sorted(known), len(known))
    take_over(folder / "list", [written(folder / "a", shuffled)])
    assert is_breached(folder / "list", asked) == (asked in known)


def test_a_search_loads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list"
    take_over(path, [written(tmp_path / "a", [f"password {n}" for n in range(200_000)])])
    tracemalloc.start()
    assert is_breached(path, "password 77777")
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < path.stat().st_size / 10


async def test_a_breached_password_is_refused(settings: Settings, tmp_path: Path) -> None:
    here = settings.model_copy(update={"data_dir": tmp_path / "data"})
    assert await hash_chosen(PASSWORD, here, about=())
    take_over(file_of(here), [written(tmp_path / "a", [hibp(PASSWORD)])])
    with pytest.raises(Invalid) as refused:
        await hash_chosen(PASSWORD, here, about=())
    assert refused.value.errors[0].code == "password_breached"
