"""What browsers load: small, from this server alone, and with keys that exist."""

import re
from importlib.resources import files
from pathlib import Path

from eemo_pipeline.web.keymap import ACTIONS

WEB = Path(str(files("eemo_pipeline.web")))
SCRIPTS = sorted((WEB / "static").glob("*.js"))
PAGES = sorted((WEB / "templates").glob("*.html"))
MOST_BYTES = 120 * 1024  # of all scripts; a page loads some of them
_KEYS = re.compile(r'(?:keys\.is\(event, |keys\.legend\(|\bis\(|data-key=|key\()"([a-z_0-9]+)"')


def test_all_scripts_together_are_small_and_from_here():
    assert sum(len(path.read_bytes()) for path in SCRIPTS) <= MOST_BYTES
    for path in [*SCRIPTS, *PAGES, WEB / "static" / "review.css"]:
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//cdn|innerHTML|\beval\(|^<<<<<<<|^>>>>>>>", text, re.M), (
            path
        )


def test_every_key_of_the_pages_can_be_chosen():
    known = {action.name for action in ACTIONS}
    named = {name for path in [*SCRIPTS, *PAGES] for name in _KEYS.findall(path.read_text("utf-8"))}
    assert named - known == set()
    assert {"accept", "hide", "box_after", "flag"} <= named
