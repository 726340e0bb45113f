"""Images of the local server: from the prompt's words, the same each time, spoilt by a script."""

import base64
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from resources.local_server import LocalServer, local_server
from resources.local_server.asked import Wish
from resources.local_server.opinions import describe
from resources.local_server.painter import paint
from resources.local_server.sights import see

PROMPT = "Calm blue region in cold grey surroundings.\nThe image evokes sadness in its viewer."


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


def ask(server: LocalServer, **more: Any) -> dict[str, Any]:
    body = {"model": "local-painter", "prompt": PROMPT, "size": "96x64", "seed": 3, **more}
    request = urllib.request.Request(  # noqa: S310 (the server of this test)
        f"{server.openai_url}/images/generations",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as response:
        return json.load(response)


def image_of(reply: dict[str, Any]) -> bytes:
    return base64.b64decode(reply["data"][0]["b64_json"])


def test_the_same_request_gets_the_same_image_and_its_price(server: LocalServer) -> None:
    server.follow({})
    before = server.account()["nano_usd"]
    first = ask(server)
    assert Image.open(io.BytesIO(image_of(first))).size == (96, 64)
    assert image_of(ask(server)) == image_of(first)
    assert image_of(ask(server, seed=4)) != image_of(first)
    # 12.3 million nano-USD per image, 100 per input token; output costs nothing.
    tokens = first["usage"]["input_tokens"]
    assert server.account()["nano_usd"] - before == 3 * (12_300_000 + 100 * tokens)


def test_emotion_and_colours_of_the_prompt_are_in_the_image() -> None:
    wish = Wish(128, 128, 1)
    sad, merry = (
        see(paint(f"A region in the centre. The image evokes {emotion}.", wish))
        for emotion in ("sadness", "excitement")
    )
    assert sad.brightness < merry.brightness
    assert sad.saturation < merry.saturation
    assert describe(sad, "local-a")["emotion"] == "sadness"
    assert describe(merry, "local-a")["emotion"] in ("excitement", "amusement")
    red, blue = (
        np.asarray(Image.open(io.BytesIO(paint(f"a {name} lake", wish)))).mean(axis=(0, 1))
        for name in ("red", "blue")
    )
    assert red[0] > red[2]
    assert blue[2] > blue[0]


@pytest.mark.parametrize(
    ("fault", "starts"),
    [("html_image", b"<html>"), ("tiny_image", b"\x89PNG"), ("other_size", b"\x89PNG")],
)
def test_a_spoilt_image_is_billed(server: LocalServer, fault: str, starts: bytes) -> None:
    server.follow({"rules": [{"fault": fault}]})
    before = server.account()["nano_usd"]
    content = image_of(ask(server))
    assert content.startswith(starts)
    if fault != "html_image":
        assert Image.open(io.BytesIO(content)).size != (96, 64)
    assert server.account()["nano_usd"] > before


def test_a_given_image_comes_back_as_it_is(server: LocalServer, tmp_path: Path) -> None:
    (tmp_path / "parent.jpg").write_bytes(paint("a green lake", Wish(40, 30, 0)))
    server.follow({"rules": [{"fault": "given_image", "file": str(tmp_path / "parent.jpg")}]})
    assert image_of(ask(server)) == (tmp_path / "parent.jpg").read_bytes()


@pytest.mark.parametrize(
    "more",
    [
        {"prompt": " "},
        {"prompt": 5},
        {"size": "large"},
        {"size": "0x10"},
        {"n": 2},
        {"seed": "x"},
        {"model": "local-c"},
    ],
)
def test_a_wrong_request_is_refused(server: LocalServer, more: dict[str, Any]) -> None:
    server.follow({})
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(server, **more)
    assert caught.value.code in (400, 404)
    caught.value.close()
