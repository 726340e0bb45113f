"""Archives as strangers make them: whole, damaged, encrypted, and made to do harm."""

import gzip
import io
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.archives import Limits, RefusedArchive, unpack

FILES = {"images/a.jpg": b"pixels" * 100, "images/deep/ü.jpg": b"", "labels.csv": b"file\na.jpg\n"}


def open_archive(root: Path, content: bytes, limits: Limits | None = None) -> dict[str, bytes]:
    """Write the bytes as an archive, unpack it, and read what lies in the folder."""
    archive, folder = root / "archive", root / "inner" / "folder"
    archive.write_bytes(content)
    folder.mkdir(parents=True)
    names = unpack(archive, folder, limits or Limits())
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    assert names == sorted(found)
    return found


def make_zip(files: dict[str, bytes], **attributes: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            archive.writestr(info, content)
    return made.getvalue()


def make_tar(files: dict[str, bytes], *extra: tarfile.TarInfo, packed: bool = True) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz" if packed else "w") as archive:
        archive.addfile(member("./", tarfile.DIRTYPE))
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mode = 0o4777
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return made.getvalue()


def make_plain_tar(files: dict[str, bytes]) -> bytes:
    return make_tar(files, packed=False)


def member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def refusal(root: Path, content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(RefusedArchive) as caught:
        open_archive(root, content, limits)
    assert caught.value.fix
    return caught.value.why


def test_zip_and_tar_give_back_what_was_put_in(tmp_path: Path) -> None:
    for content in (make_zip(FILES), make_tar(FILES), make_plain_tar(FILES)):
        folder = tmp_path / str(len(content))
        folder.mkdir()
        (tmp_path / "archive").write_bytes(content)
        assert unpack(tmp_path / "archive", folder) == sorted(FILES)
        for name, bytes_in in FILES.items():
            assert (folder / name).read_bytes() == bytes_in
            assert (folder / name).stat().st_mode & 0o7000 == 0


@pytest.mark.parametrize(
    "name", ["../out.txt", "/out.txt", "a/../../out.txt", "..\\out.txt", "C:\\out.txt", "a/ ../x"]
)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_no_path_escapes(
    make: Callable[[dict[str, bytes]], bytes], name: str, tmp_path: Path
) -> None:
    why = refusal(tmp_path, make({"good.txt": b"1", name: b"2"}))
    assert "would leave its folder" in why
    assert not list(tmp_path.rglob("out.txt"))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "images/../../x"])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_no_link_leads_out(kind: bytes, target: str, tmp_path: Path) -> None:
    content = make_tar(FILES, member("link", kind, target))
    assert "link that leaves its folder" in refusal(tmp_path, content)


def test_a_file_behind_a_link_is_not_written_through_it(tmp_path: Path) -> None:
    # The classic: a link to a folder outside, then a file "inside" it.
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(member("d", tarfile.SYMTYPE, "."))
        info = tarfile.TarInfo("d/evil.txt")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"evil"))
    assert "twice" in refusal(tmp_path, made.getvalue())
    assert not list(tmp_path.rglob("evil.txt"))


def test_links_inside_become_copies(tmp_path: Path) -> None:
    links = (
        member("images/b.jpg", tarfile.SYMTYPE, "a.jpg"),
        member("c/d.jpg", tarfile.LNKTYPE, "images/a.jpg"),
        member("c/e.jpg", tarfile.SYMTYPE, "../images/a.jpg"),
    )
    found = open_archive(tmp_path, make_tar(FILES, *links))
    assert found["images/b.jpg"] == found["c/d.jpg"] == found["c/e.jpg"] == FILES["images/a.jpg"]


def test_links_to_nothing_and_in_circles_are_refused(tmp_path: Path) -> None:
    for number, target in enumerate(("images", "nowhere", "two", "one")):
        (tmp_path / "archive").write_bytes(
            make_tar(
                FILES,
                member("one", tarfile.SYMTYPE, target),
                member("two", tarfile.SYMTYPE, "one"),
            )
        )
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(RefusedArchive, match="link to no file"):
            unpack(tmp_path / "archive", folder)


def test_a_link_in_a_zip_is_no_way_out(tmp_path: Path) -> None:
    content = make_zip({"link": b"/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16)
    assert "link that leaves its folder" in refusal(tmp_path, content)


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_no_device(kind: bytes, tmp_path: Path) -> None:
    assert "device" in refusal(tmp_path, make_tar(FILES, member("dev", kind)))


def test_no_device_in_a_zip(tmp_path: Path) -> None:
    content = make_zip({"dev": b""}, external_attr=(stat.S_IFCHR | 0o666) << 16)
    assert "device" in refusal(tmp_path, content)


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_a_bomb_is_refused_before_it_is_written(
    make: Callable[[dict[str, bytes]], bytes], tmp_path: Path
) -> None:
    content = make({"zeros.bin": bytes(30_000_000)})
    assert len(content) < 100_000
    assert "made to fill disks" in refusal(tmp_path, content)
    assert sum(path.stat().st_size for path in tmp_path.rglob("zeros.bin")) == 0


def test_a_bomb_of_many_small_files_is_refused(tmp_path: Path) -> None:
    content = make_zip({f"{number}.bin": bytes(1_000_000) for number in range(30)})
    assert "made to fill disks" in refusal(tmp_path, content)


def test_a_zip_that_lies_about_a_size_is_refused(tmp_path: Path) -> None:
    content = bytearray(make_zip({"a.bin": b"x" * 1000}))
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 10)
    assert "damaged" in refusal(tmp_path, bytes(content))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
@pytest.mark.parametrize("size", [400_000, 3_000_000_000, 1 << 46])
def test_a_tar_with_an_enormous_header_takes_neither_memory_nor_time(
    size: int, kind: bytes, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    # tarfile searches such digits in quadratic time, minutes for 400,000 of them
    content = pack(info.tobuf(tarfile.GNU_FORMAT) + b"1" * 400_000 + bytes(2_000_000))
    assert "larger than any is" in refusal(tmp_path, content)


def test_limits_of_files_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(make_zip(FILES))
    for number, (limits, words) in enumerate(
        ((Limits(members=2), "more than 2 files"), (Limits(total_bytes=600), "more than 600 bytes"))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(RefusedArchive, match=words):
            unpack(tmp_path / "archive", folder, limits)


def test_an_encrypted_zip_is_named_so(tmp_path: Path) -> None:
    content = bytearray(make_zip(FILES))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = content.find(mark)
        while found >= 0:
            content[found + place] |= 1
            found = content.find(mark, found + 1)
    assert "is encrypted" in refusal(tmp_path, bytes(content))


@pytest.mark.parametrize("make", [make_zip, make_tar, make_plain_tar])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_an_archive_that_is_cut_off_is_named_so(
    make: Callable[[dict[str, bytes]], bytes], share: float, tmp_path: Path
) -> None:
    noise = random.Random(1).randbytes(40_000)  # noqa: S311 (pixels of no meaning)
    content = make({"a.jpg": noise, "b.jpg": noise[::-1]})
    whole = content if make is not make_plain_tar else content.rstrip(b"\0")
    assert "damaged or cut off" in refusal(tmp_path, whole[: int(len(whole) * share)])


def test_a_tar_that_ends_after_a_whole_file_is_cut_off(tmp_path: Path) -> None:
    content = make_plain_tar({"a.txt": b"x" * 512, "b.txt": b"y"})
    assert "end is missing" in refusal(tmp_path, content[: content.index(b"b.txt")])


def test_damage_between_the_files_of_a_tar_is_not_its_end(tmp_path: Path) -> None:
    content = bytearray(make_plain_tar(FILES))
    place = content.rindex(b"labels.csv")
    content[place] ^= 0xFF
    assert "damaged or cut off" in refusal(tmp_path, bytes(content))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "web page"),
        (b"\n<HTML>", "web page"),
        (b"Rar!\x1a\x07\x00", "neither zip nor tar"),
        (b"", "neither zip nor tar"),
        (b"\x1f\x8b", "damaged"),
        (b"PK\x03\x04", "damaged"),
        (gzip.compress(b"one file", mtime=0), "damaged"),
    ],
)
def test_what_is_no_archive_is_told_apart(content: bytes, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, content)


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_a_name_that_is_there_twice_is_refused(
    make: Callable[[dict[str, bytes]], bytes], tmp_path: Path
) -> None:
    assert "twice" in refusal(tmp_path, make({"a/b": b"1", "a/./b": b"2"}))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.sampled_from([make_zip(FILES), make_tar(FILES), make_plain_tar(FILES)]),
    damages=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4),
)
def test_damage_is_a_refusal_or_harmless(
    content: bytes, damages: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(content)
    for place, value in damages:
        data[place % len(data)] = value
    root = tmp_path_factory.mktemp("damaged")
    (root / "archive").write_bytes(data)
    (root / "folder").mkdir()
    with suppress(RefusedArchive):
        unpack(root / "archive", root / "folder")
    assert {path.name for path in root.iterdir()} == {"archive", "folder"}
    assert not any(path.is_symlink() for path in root.rglob("*"))
