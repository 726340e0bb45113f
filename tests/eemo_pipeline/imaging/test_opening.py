"""Files of every kind end as a picture or as a reason, and never as another exception."""

import io
import json
import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from eemo_pipeline.imaging.opening import MAX_PIXELS, UnreadablePicture, measure_file, open_picture
from eemo_pipeline.imaging.pixel_measures import dominant_colours, measure_pixels
from eemo_pipeline.schema.columns import COLUMNS
from eemo_pipeline.schema.tables import TABLES


def scene(width: int = 320, height: int = 240, seed: int = 0) -> Image.Image:
    """Soft coloured blobs with a little noise: compresses and hashes like a photograph."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(float)
    noisy = soft + random.normal(0, 8, soft.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def refusal(path: Path) -> str:
    with pytest.raises(UnreadablePicture) as caught:
        open_picture(path, 200)
    return caught.value.reason


def test_answer_has_every_measured_column_with_its_type_and_range(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(saved(scene(), "JPEG"))
    answer = measure_file(path)
    assert json.loads(json.dumps(answer)) == answer
    named = set(TABLES["ingest__images"].columns)
    assert set(answer) | {"source", "path", "sources", "occurrence_count"} == named | {"status"}
    for name, value in answer.items():
        if name != "status" and isinstance(value, int | float) and not isinstance(value, bool):
            low, high = COLUMNS[name].minimum, COLUMNS[name].maximum
            assert low is None or value >= low, name
            assert high is None or value <= high, name
    assert sum(answer["dominant_shares"]) == pytest.approx(1, abs=1e-5)
    assert len(answer["phash"]) == 16
    assert not answer["is_blank"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("JPEG", {"progressive": True, "quality": 95}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PPM", {}),
        ("AVIF", {"quality": 95}),
    ],
)
def test_formats_show_the_same_picture(tmp_path: Path, kind: str, options: dict) -> None:
    original = scene(160, 120)
    path = tmp_path / "picture.dat"
    path.write_bytes(saved(original, kind, **options))
    picture = open_picture(path, 200)
    assert (picture.width_px, picture.height_px, picture.format) == (160, 120, kind)
    difference = np.abs(picture.rgb.astype(int) - np.asarray(original).astype(int))
    assert difference.mean() < 6


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"]
)
def test_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    grey = scene(120, 90).convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    elif mode == "LAB":
        flat = Image.new("LAB", (120, 90), (128, 128, 128))  # L* 50, a 0, b 0
        image, grey = flat, Image.new("L", (120, 90), 119)
    else:
        image = grey.convert(mode)
    path = tmp_path / "picture.tif"
    path.write_bytes(saved(image, "TIFF"))
    picture = open_picture(path, 200)
    assert picture.colour_mode == mode
    assert picture.rgb.shape == (90, 120, 3)
    assert picture.rgb.dtype == np.uint8
    if mode != "1":
        assert np.abs(picture.rgb.mean(axis=2) - np.asarray(grey)).mean() < 4


def test_sixteen_bit_grey_keeps_its_range(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    ramp = np.linspace(0, 65535, 64).round().astype(np.uint16)[None].repeat(8, axis=0)
    for options in ({}, {"transparency": 0}):
        path.write_bytes(saved(Image.fromarray(ramp), "PNG", **options))
        assert open_picture(path, 200).rgb[0, :, 0].tolist() == (ramp[0] / 257).round().tolist()


def test_float_outside_the_usual_ranges_is_stretched(tmp_path: Path) -> None:
    path = tmp_path / "float.tif"
    values = np.array([[-3.0, 0.0, 3.0, np.nan]], dtype=np.float32)
    path.write_bytes(saved(Image.fromarray(values), "TIFF"))
    assert open_picture(path, 200).rgb[0, :, 0].tolist() == [0, 128, 255, 128]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_orientation_is_applied_and_the_full_size_kept(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    quadrants = np.zeros((600, 800, 3), dtype=np.uint8)
    quadrants[:300, :400] = (255, 0, 0)
    quadrants[:300, 400:] = (0, 255, 0)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned"
    path.write_bytes(saved(Image.fromarray(quadrants), kind, exif=exif))
    picture = open_picture(path, 100)
    # Where the stored corners (top left, top right) go, by the EXIF 2.32 standard.
    red, green = {
        1: ("top left", "top right"),
        2: ("top right", "top left"),
        3: ("bottom right", "bottom left"),
        4: ("bottom left", "bottom right"),
        5: ("top left", "bottom left"),
        6: ("top right", "bottom right"),
        7: ("bottom right", "top right"),
        8: ("bottom left", "top left"),
    }[orientation]
    corners = {
        "top left": (5, 5),
        "top right": (5, -5),
        "bottom left": (-5, 5),
        "bottom right": (-5, -5),
    }
    assert picture.rgb[corners[red]].argmax() == 0
    assert picture.rgb[corners[green]].argmax() == 1
    expected = (600, 800) if orientation >= 5 else (800, 600)
    assert (picture.width_px, picture.height_px) == expected
    assert picture.orientation == orientation
    assert max(picture.rgb.shape) == 100


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    layer = Image.new("RGBA", (40, 40), (0, 0, 200, 0))
    layer.paste((200, 0, 0, 255), (0, 0, 20, 40))
    palette = scene(40, 40).quantize(8)
    palette.info["transparency"] = bytes(8)  # every entry transparent
    for name, image in (("rgba", layer), ("palette", palette)):
        path = tmp_path / name
        path.write_bytes(saved(image, "PNG"))
        picture = open_picture(path, 200)
        assert picture.has_alpha
        assert picture.rgb[20, 35].tolist() == [255, 255, 255]
    opaque = open_picture(_written(tmp_path / "opaque", saved(scene(), "PNG")), 200)
    assert not opaque.has_alpha


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_first_frame_and_number_of_frames(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "lime", "blue")]
    for kind in ("GIF", "TIFF", "WEBP", "PNG"):
        path = tmp_path / kind
        path.write_bytes(saved(frames[0], kind, save_all=True, append_images=frames[1:]))
        picture = open_picture(path, 200)
        assert picture.frame_count == 3
        assert picture.rgb[10, 10].argmax() == 0


def test_profile_other_than_srgb_is_converted(tmp_path: Path) -> None:
    # A made-up RGB profile whose red and blue primaries are swapped.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    swapped = bytes(profile).replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ")
    swapped = swapped.replace(b"tmpX", b"bXYZ").replace(_utf16("sRGB"), _utf16("swap"))
    red = Image.new("RGB", (20, 20), (255, 0, 0))
    plain = open_picture(
        _written(tmp_path / "s", saved(red, "PNG", icc_profile=bytes(profile))), 99
    )
    other = open_picture(_written(tmp_path / "o", saved(red, "PNG", icc_profile=swapped)), 99)
    broken = open_picture(_written(tmp_path / "b", saved(red, "PNG", icc_profile=b"no")), 99)
    assert not plain.has_profile
    assert other.has_profile
    assert not broken.has_profile
    assert plain.rgb[5, 5].tolist() == broken.rgb[5, 5].tolist() == [255, 0, 0]
    assert other.rgb[5, 5].argmax() == 2


@pytest.mark.parametrize("name", ["GIMP built-in Linear sRGB", "Linear Rec709"])
def test_a_linear_profile_is_converted_whatever_its_name(tmp_path: Path, name: str) -> None:
    light = np.asarray(scene()) / 255
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    stored = Image.fromarray((linear * 255).round().astype(np.uint8))
    content = saved(stored, "PNG", icc_profile=linear_profile(name))
    shown = open_picture(_written(tmp_path / "linear.png", content), 320)
    plain = open_picture(_written(tmp_path / "plain.png", saved(scene(), "PNG")), 320)
    assert shown.has_profile
    assert abs(shown.rgb.mean() - plain.rgb.mean()) < 3


def linear_profile(name: str) -> bytes:
    """An ICC profile with the primaries of sRGB and no curve."""

    def fixed(*numbers: float) -> bytes:
        return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)

    curve = b"curv" + bytes(8)
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name.encode() + bytes(79),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1, 0.8249),
        b"rXYZ": b"XYZ \0\0\0\0" + fixed(0.43607, 0.22249, 0.01392),
        b"gXYZ": b"XYZ \0\0\0\0" + fixed(0.38515, 0.71687, 0.09708),
        b"bXYZ": b"XYZ \0\0\0\0" + fixed(0.14307, 0.06061, 0.7141),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    start, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for sign, data in tags.items():
        table += sign + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size, space = start + len(body), (0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head = struct.pack(">I4sI4s4s4s6H4s", size, b"lcms", *space, 2020, 1, 1, 0, 0, 0, b"acsp")
    return head.ljust(68, b"\0") + fixed(0.9642, 1, 0.8249) + bytes(48) + table + body


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_truncated_files_are_refused(tmp_path: Path, kind: str, share: float) -> None:
    content = saved(scene(800, 600), kind)
    path = _written(tmp_path / "cut", content[: int(len(content) * share)])
    assert refusal(path) in {"truncated", "damaged"}


def test_truncated_jpeg_is_called_truncated(tmp_path: Path) -> None:
    for options in ({}, {"progressive": True}):
        content = saved(scene(800, 600), "JPEG", **options)
        assert refusal(_written(tmp_path / "cut.jpg", content[:-2000])) == "truncated"


def test_reasons(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refusal(folder) == "unreadable_file"
    assert refusal(pipe) == "unreadable_file"
    assert refusal(tmp_path / "absent") == "unreadable_file"
    assert refusal(Path("nul\0byte")) == "unreadable_file"
    assert refusal(_written(tmp_path / "empty.jpg", b"")) == "empty_file"
    assert (
        refusal(_written(tmp_path / "text.jpg", b"this is a text file\n" * 50)) == "not_a_picture"
    )
    assert refusal(_written(tmp_path / "head.png", b"\x89PNG\r\n\x1a\n")) == "damaged"
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    assert refusal(_written(tmp_path / "a.eps", postscript)) == "unsupported_format"


def test_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    side = int(MAX_PIXELS**0.5) + 100
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    path = _written(tmp_path / "bomb.png", bomb)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refusal(path) == "too_many_pixels"


def test_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.jpg"
    with path.open("wb") as handle:
        handle.truncate(600 * 2**20)  # sparse: takes no space
    answer = measure_file(path)
    assert (answer["status"], answer["reason"]) == ("refused", "too_large")
    assert "image_id" not in answer


def test_changed_file_is_noticed(tmp_path: Path) -> None:
    path = _written(tmp_path / "a.png", saved(scene(), "PNG"))
    image_id = open_picture(path, 64).image_id
    assert open_picture(path, 64, image_id).image_id == image_id
    path.write_bytes(saved(scene(seed=1), "PNG"))
    with pytest.raises(UnreadablePicture, match="changed_since_ingest"):
        open_picture(path, 64, image_id)


def test_hash_of_the_scaled_decode_is_near_that_of_the_full_decode(tmp_path: Path) -> None:
    distances = []
    for seed in range(40):
        path = _written(tmp_path / f"{seed}.jpg", saved(scene(800, 600, seed), "JPEG"))
        ours = imagehash.hex_to_hash(measure_file(path)["phash"])
        distances.append(int(ours - imagehash.phash(Image.open(path))))
    assert max(distances) <= 4
    assert sum(distances) / len(distances) < 1


def test_measures_of_known_pictures() -> None:
    flat = np.full((20, 30, 3), (255, 0, 0), dtype=np.uint8)
    measured = measure_pixels(flat)
    assert (measured["brightness"], measured["saturation"], measured["contrast"]) == (1, 1, 0)
    # rg = 255 and yb = 127.5 everywhere, so that only the term of the means is left.
    assert measured["colourfulness"] == pytest.approx(0.3 * np.hypot(255, 127.5), abs=1e-6)
    half = np.zeros((20, 30, 3), dtype=np.uint8)
    half[:, 15:] = 255
    assert measure_pixels(half)["contrast"] == 0.5
    assert 0 < measure_pixels(half)["edge_density"] < 0.1
    colours, shares = dominant_colours(half)
    assert dict(zip(colours, shares, strict=True)) == {"#000000": 0.5, "#ffffff": 0.5}


def test_dominant_colours_are_the_same_on_every_processor() -> None:
    rgb = np.random.default_rng(5).integers(90, 170, (40, 50, 3), dtype=np.uint8)
    assert dominant_colours(rgb, 4) == (
        ["#78977d", "#826b91", "#767467", "#9a8f94"],
        [0.286, 0.286, 0.224, 0.204],
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_colourfulness_equals_its_definition(seed: int) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    red, green, blue = rgb.reshape(-1, 3).T.astype(float)
    rg, yb = red - green, (red + green) / 2 - blue
    expected = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    assert measure_pixels(rgb)["colourfulness"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("way", list(Image.Transpose))
def test_a_turned_copy_has_the_hash_that_the_image_foretells(
    tmp_path: Path, way: Image.Transpose
) -> None:
    image = scene(300, 200)
    known = measure_file(_written(tmp_path / "a.png", saved(image, "PNG")))
    turned = measure_file(_written(tmp_path / "b.png", saved(image.transpose(way), "PNG")))
    foretold = known["turned_phashes"][list(Image.Transpose).index(way)]
    distance = imagehash.hex_to_hash(foretold) - imagehash.hex_to_hash(turned["phash"])
    assert distance <= 2
    assert len(known["turned_phashes"]) == 7


def test_dark_is_not_blank(tmp_path: Path) -> None:
    night = scene().point([value // 16 for value in range(256)] * 3)
    grain = np.random.default_rng(3).normal(200, 2, (240, 320, 1)).repeat(3, axis=2)
    for name, image, is_blank in (
        ("night", night, False),
        ("black", Image.new("RGB", (320, 240), "black"), True),
        ("wall", Image.fromarray(grain.round().astype(np.uint8)), True),
    ):
        answer = measure_file(_written(tmp_path / name, saved(image, "PNG")))
        assert answer["contrast"] < 0.02
        assert answer["is_blank"] is is_blank, name


_SEEDS = {
    kind: saved(scene(60, 40), kind)
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "PPM")
}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kind=st.sampled_from(sorted(_SEEDS)),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=12
    ),
    cut=st.floats(0, 1),
)
def test_hostile_bytes_end_as_an_answer(
    tmp_path: Path, kind: str, changes: list[tuple[float, int]], cut: float
) -> None:
    content = bytearray(_SEEDS[kind])
    for place, value in changes:
        content[int(place**3 * len(content))] = value  # mostly in the header
    path = _written(tmp_path / "hostile", bytes(content[: max(1, int(len(content) * cut))]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = measure_file(path)
    assert answer["status"] in {"ok", "refused"}
    assert len(answer["image_id"]) == 64


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(width=st.integers(1, 900), height=st.integers(1, 900), kind=st.sampled_from(["JPEG", "PNG"]))
def test_any_size_is_measured_and_never_enlarged(
    tmp_path: Path, width: int, height: int, kind: str
) -> None:
    image = scene(1, 1).resize((width, height))
    path = _written(tmp_path / "size", saved(image, kind))
    picture = open_picture(path, 200)
    assert (picture.width_px, picture.height_px) == (width, height)
    assert max(picture.rgb.shape[:2]) == min(200, max(width, height))
    assert measure_file(path)["status"] == "ok"


def test_same_bytes_same_answer_in_another_process(tmp_path: Path) -> None:
    path = _written(tmp_path / "a.jpg", saved(scene(800, 600), "JPEG"))
    code = (
        "import json, sys, pathlib; from eemo_pipeline.imaging.opening import measure_file;"
        "print(json.dumps(measure_file(pathlib.Path(sys.argv[1]))))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert json.loads(other.stdout) == measure_file(path)
    assert other.stderr == ""
