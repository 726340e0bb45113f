"""Listing a folder: every file once, nothing outside it ever."""

import os

import pytest

from eemo_pipeline.readers.listing import fingerprint, list_files, stamp_files


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "pictures"
    (root / "deep" / "er").mkdir(parents=True)
    (root / "deep" / "er" / "a.jpg").write_bytes(b"a")
    (root / "b.JPG").write_bytes(b"b")
    (tmp_path / "secret.txt").write_text("secret")
    return root


def test_every_file_is_listed_once_and_sorted(folder):
    listing = list_files(folder)
    assert listing.paths == ("b.JPG", "deep/er/a.jpg")
    assert listing.refused == {}


def test_a_folder_that_does_not_exist_has_no_files(tmp_path):
    assert list_files(tmp_path / "absent").paths == ()


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("../secret.txt", "link_outside"),
        ("/etc/hostname", "link_outside"),
        ("deep", "link_to_folder"),
        ("..", "link_outside"),
        ("nowhere.jpg", "broken_link"),
        ("link.jpg", "broken_link"),  # a link to itself
        ("a" * 300 + ".jpg", "broken_link"),  # longer than any file's name
    ],
)
def test_links_that_lead_astray_are_refused(folder, target, reason):
    (folder / "link.jpg").symlink_to(target)
    listing = list_files(folder)
    assert "link.jpg" not in listing.paths
    assert listing.refused["link.jpg"][0] == reason


def test_a_link_to_a_file_inside_is_read(folder):
    (folder / "link.jpg").symlink_to("deep/er/a.jpg")
    assert "link.jpg" in list_files(folder).paths


def test_the_root_itself_may_be_a_link(folder, tmp_path):
    (tmp_path / "attached").symlink_to(folder)
    assert list_files(tmp_path / "attached").paths == list_files(folder).paths


def test_names_that_are_not_utf8_and_pipes_are_refused(folder):
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    os.mkfifo(folder / "pipe.jpg")
    refused = list_files(folder).refused
    assert refused["caf\\xe9.jpg"][0] == "undecodable_name"
    assert refused["pipe.jpg"][0] == "not_a_file"


def test_a_folder_whose_name_is_not_utf8_takes_its_files_along(folder):
    inner = folder / os.fsdecode(b"caf\xe9")
    inner.mkdir()
    (inner / "a.jpg").write_bytes(b"x")
    listing = list_files(folder)
    assert listing.refused["caf\\xe9/a.jpg"][0] == "undecodable_name"
    assert all((folder / path).is_file() for path in listing.paths)


def test_a_file_without_read_permission_is_refused(folder):
    (folder / "b.JPG").chmod(0)
    if os.access(folder / "b.JPG", os.R_OK):
        pytest.skip("this user may read every file")
    assert list_files(folder).refused["b.JPG"][0] == "unreadable_file"


def test_fingerprint_follows_names_sizes_and_times(folder):
    before = fingerprint(list_files(folder))
    assert fingerprint(list_files(folder)) == before
    os.utime(folder / "b.JPG", ns=(1, 1))
    touched = fingerprint(list_files(folder))
    (folder / "c.jpg").write_bytes(b"c")
    assert len({before, touched, fingerprint(list_files(folder))}) == 3


def test_stamps_carry_size_and_time(folder):
    os.utime(folder / "b.JPG", ns=(5, 7))
    stamp = stamp_files(list_files(folder))[0]
    assert (stamp.path, stamp.size_bytes, stamp.modified_ns) == ("b.JPG", 1, 7)
