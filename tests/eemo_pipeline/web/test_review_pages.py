"""The review tool as an annotator meets it: a real browser, the keyboard, a lost network."""

import json
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import TASKS, ReviewDatabase
from eemo_pipeline.web.people import renew_link
from eemo_pipeline.web.votes import read_votes
from tests.support.reviews import (
    CAPTION,
    FILE_NAME,
    FINDING,
    Rater,
    Server,
    make_review_root,
    new_link,
    serve_reviews,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
BLIND = "#blind:not([hidden])"
DRAFTS = "#drafts:not([hidden])"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    return make_review_root(tmp_path_factory.mktemp("pages"), 100)


@pytest.fixture(scope="module")
def server(root: DataRoot) -> Iterator[Server]:
    """Serve images that one person judges each: what two agree on, a third is not shown."""
    with serve_reviews(root) as running:
        with closing(ReviewDatabase(root.review)) as database, database.writing() as connection:
            connection.execute(TASKS.update().values(wanted=1))
        yield running


@pytest.fixture(scope="module")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    return make_review_root(tmp_path_factory.mktemp("disputed"), 16)


@pytest.fixture(scope="module")
def dispute(disputed: DataRoot) -> Iterator[Server]:
    """Serve images at which three people felt something else: they are to be adjudicated."""
    with serve_reviews(disputed) as running:
        for number, emotion in enumerate(("awe", "fear", "anger")):
            person = Rater(running.port).log_in(new_link(disputed, f"person {number}"))
            while "task_id" in (task := person.next_task()):
                assert person.commit(task["task_id"], emotion=emotion).status == 200
                person.answer_drafts(task["task_id"], "field_unknown")
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield launched
        launched.close()


def log_in(
    browser: "Browser",
    root: DataRoot,
    server: Server,
    name: str,
    role: str = "annotator",
    **how: Any,
) -> "Page":
    """Return the first page of a person who has opened their link."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, **how).new_page()
    page.set_default_timeout(120_000)
    page.goto(f"http://127.0.0.1:{server.port}/login#{new_link(root, name, role)}")
    page.wait_for_url("**/")
    return page


def begin(page: "Page") -> None:
    """Accept the information and go to the first image, by keyboard."""
    page.locator("#consent:enabled").press("Enter")
    page.locator("#start").press("Enter")
    wait_for_image(page)


def wait_for_image(page: "Page") -> None:
    page.wait_for_selector(BLIND)
    page.wait_for_timeout(200)  # keys pressed in the first moment are ignored


def wait_until_drawn(page: "Page", canvas: str) -> None:
    """Wait until the corner of a canvas has a colour.

    Not by `wait_for_function`: unless it holds at once, the page's policy forbids to ask again.
    """
    drawn = "one => one.getContext('2d').getImageData(0, 0, 2, 2).data.some(Boolean)"
    for _ in range(1200):
        if page.locator(canvas).evaluate(drawn):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"nothing is drawn on {canvas}")


def wait_until_none(page: "Page", selector: str) -> None:
    page.locator(selector).first.wait_for(state="detached")


def read(root: DataRoot) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    with closing(ReviewDatabase(root.review)) as database, database.reading() as connection:
        return list(event_log.read_events(connection)), read_votes(connection).rows


def test_acceptance_15_to_18_an_image_is_judged_blind_with_four_keys_and_checked(
    browser: "Browser", root: DataRoot, server: Server
):
    page = log_in(browser, root, server, "ann")
    heard: list[str] = []
    page.on("response", lambda reply: heard.append(reply.url) or heard.append(body_of(reply)))
    begin(page)
    # 15 and 16: nothing is chosen beforehand, nothing can be committed, nothing was heard.
    assert page.locator("input[type=radio]:checked").count() == 0
    assert page.locator("#commit").is_disabled()
    before = "\n".join([*heard, page.content()])
    assert [w for w in (CAPTION, FINDING, FILE_NAME, "secret") if w in before] == []
    # 17: four keys; the place of an emotion is the person's own, and its key is written beside it.
    judge_until_drafts(page, 3, (key_of(page, "contentment"), "y", "h", "Enter"))
    # 18: one accepted, one corrected, one refused with a reason, and the next image.
    page.locator('[data-field="background"]').focus()
    page.keyboard.press("a")
    page.locator('[data-field="background"][data-answer="field_accept"]').wait_for()
    description = page.locator('[data-field="description"]')
    description.focus()
    page.keyboard.press("e")
    description.locator("textarea").fill("a longer text")
    description.locator(".changes ins").wait_for()
    page.keyboard.press("Control+Enter")
    page.locator('[data-field="description"][data-answer="field_edit"]').wait_for()
    page.locator('[data-field="box"]').focus()
    page.keyboard.press("x")
    page.locator("#refuse-box-dialog[open]").wait_for()
    page.keyboard.press("2")
    page.locator('[data-field="box"][data-answer="field_reject"]').wait_for()
    finish(page)
    wait_for_image(page)
    events, votes = read(root)
    task = next(event["task_id"] for event in reversed(events) if event["kind"] == "submit")
    said = {
        (row["phase"], row["reviewed_field"]): (row["vote"], row["said_json"])
        for row in votes
        if row["task_id"] == task
    }
    assert said["blind", "emotion"] == ("felt", '"contentment"')
    assert said["blind", "valence"] == said["blind", "arousal"] == ("felt", "1")
    for field, answer in (
        ("background", ("confirmed", "null")),
        ("description", ("corrected", '"a longer text"')),
        ("box", ("refused", '"wrong_object"')),
    ):  # one field may have been wrong on purpose: then it is no vote
        assert said.get(("drafts", field), answer) == answer
    answered = [event for event in events if event["task_id"] == task and event["field"]]
    assert all(event["duration_ms"] > 0 and event["base_value"] for event in answered)
    page.context.close()


def key_of(page: "Page", emotion: str) -> str:
    """Return the key that the page shows beside an emotion."""
    return page.locator(f'label:has(input[value="{emotion}"]) kbd').inner_text()


def judge_until_drafts(page: "Page", fewest: int, keys: tuple[str, ...]) -> None:
    """Judge images until one has this many drafts to check."""
    while True:
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_selector(DRAFTS)
        page.wait_for_timeout(400)
        if page.locator(".draft").count() >= fewest:
            return
        finish(page)
        wait_for_image(page)


def body_of(reply: Any) -> str:
    kind = reply.headers.get("content-type", "")
    return reply.text() if "json" in kind or "html" in kind else ""


def finish(page: "Page") -> None:
    """Accept what is left and keep the own emotion, then submit."""
    accept_rest(page)
    if page.locator("#reconcile").is_visible():
        page.keyboard.press("k")
    wait_until_none(page, "#finish:disabled")
    page.keyboard.press("Enter")


def accept_rest(page: "Page") -> None:
    """Accept what is on the screen, until everything was there and has its answer."""
    while page.locator(".draft:not([data-answer])").count():
        page.wait_for_timeout(400)  # until the cards count as seen
        page.keyboard.press("Shift+A")


def test_acceptance_19_answers_are_undone_by_events_and_the_image_before_comes_back(
    browser: "Browser", root: DataRoot, server: Server
):
    page = log_in(browser, root, server, "ben")
    begin(page)
    for key in ("1", "q", "l", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(DRAFTS)
    description = page.locator('[data-field="description"]')
    description.focus()
    page.keyboard.press("e")
    # Letters are text here, and no commands.
    description.locator("textarea").fill("axenu, a better text")
    page.keyboard.press("Control+Enter")
    corrected = description.locator(".said", has_text="corrected: axenu, a better text")
    corrected.wait_for()
    for key in ("Control+z", "Control+Shift+Z", "Backspace"):
        page.keyboard.press(key)
        if "Shift" in key:
            corrected.wait_for()
        else:
            wait_until_none(page, '[data-field="description"][data-answer]')
    events, _ = read(root)
    assert [event["kind"] for event in events[-4:]] == ["field_edit", "undo"] * 2
    finish(page)
    wait_for_image(page)
    page.keyboard.press("ArrowLeft")
    page.locator(f'{DRAFTS} [data-field="description"][data-answer="field_accept"]').wait_for()
    assert events == read(root)[0][: len(events)]
    page.context.close()


def test_acceptance_20_what_is_said_while_the_server_is_away_arrives_once(
    browser: "Browser", tmp_path: Path
):
    root = make_review_root(tmp_path / "away", 6)
    with serve_reviews(root) as running:
        page = log_in(browser, root, running, "ann")
        begin(page)
        running.process.kill()
        running.process.wait()
        for key in ("5", "w", "k", "Enter"):
            page.keyboard.press(key)
        page.locator("#status", has_text=re.compile("offline")).wait_for()
    with serve_reviews(root, running.port):
        page.locator("#status", has_text="saved").wait_for()
        page.wait_for_selector(DRAFTS)
        # The session ends: the person logs in on the same page, and their answer is stored.
        with closing(ReviewDatabase(root.review)) as database:
            token = renew_link(database, "ann")
        page.locator('[data-field="description"]').focus()
        page.keyboard.press("a")
        page.locator("#log-in-again[open]").wait_for()
        page.locator("#status", has_text="logged out (1 kept)").wait_for()
        for said in (new_link(root, "ben"), token):
            page.locator("#again-token").fill(said)
            page.keyboard.press("Enter")
            if said != token:
                page.locator("#log-in-message", has_text="another person's").wait_for()
        page.locator('[data-field="description"][data-answer="field_accept"]').wait_for()
        page.locator("#log-in-again:not([open])").wait_for(state="attached")
        # The server's disk is full: the page says so, and sends it again.
        page.route("**/events", lambda route: route.fulfill(status=507, json={}))
        page.keyboard.press("Backspace")
        page.locator("#status", has_text="no space (1 kept").wait_for()
        page.unroute("**/events")
        page.locator('[data-field="description"]:not([data-answer])').wait_for()
        page.keyboard.press("'")
        page.locator("#guide[open]", has_text="It makes me smile or laugh").wait_for()
        page.keyboard.press("Escape")
        page.locator("#guide:not([open])").wait_for(state="attached")
        page.context.close()
    events, _ = read(root)
    kinds = [event["kind"] for event in events]
    assert (kinds.count("blind_commit"), kinds.count("field_accept")) == (1, 1)


# What has the focus: its id, the name of its radio buttons, or its class.
FOCUSED = """() => {
  const one = document.activeElement;
  return one.id || one.name || one.className;
}"""


def test_acceptance_23_without_single_keys_the_whole_flow_works_by_tab_and_space(
    browser: "Browser", root: DataRoot, server: Server
):
    page = log_in(browser, root, server, "tab")
    begin(page)
    page.locator("#single-keys").uncheck()
    page.keyboard.press("3")
    assert page.locator("input[name=emotion]:checked").count() == 0
    reached: list[str] = []
    while not reached or reached[-1] != "commit":
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
        if reached[-1] in ("emotion", "valence", "arousal"):
            page.keyboard.press("Space")
    also, scales = ["also"] * 8, ["valence", "arousal", "sureness", "ratings"]
    assert reached == ["open-help", "open-guide", "emotion", *also, *scales, "commit"]
    page.keyboard.press("Space")
    page.wait_for_selector(DRAFTS)
    while page.locator(".draft:not([data-answer])").count():
        page.wait_for_timeout(400)
        page.locator("#accept-rest").focus()
        page.keyboard.press("Space")
    page.context.close()


def test_the_rest_is_accepted_only_where_it_was_on_the_screen(
    browser: "Browser", root: DataRoot, server: Server
):
    page = log_in(browser, root, server, "small screen")
    page.set_viewport_size({"width": 1280, "height": 420})
    begin(page)
    judge_until_drafts(page, 3, ("1", "q", "l", "Enter"))
    fields = page.locator(".draft").count()
    while not page.locator(".draft[data-answer]").count():  # until a card counts as seen
        page.keyboard.press("Shift+A")
        page.wait_for_timeout(400)
    assert 0 < page.locator(".draft:not([data-answer])").count() < fields
    finish(page)
    wait_for_image(page)
    page.context.close()


def test_only_one_tab_answers(browser: "Browser", root: DataRoot, server: Server):
    first = log_in(browser, root, server, "two tabs")
    begin(first)
    second = first.context.new_page()
    second.goto(f"http://127.0.0.1:{server.port}/label")
    second.locator("#elsewhere:not([hidden])").wait_for()
    for key in ("1", "q", "l", "Enter"):
        second.keyboard.press(key)
    assert second.locator(f"{BLIND}, {DRAFTS}").count() == 0
    second.locator("#take-over").click()
    first.locator("#elsewhere:not([hidden])").wait_for()
    wait_for_image(second)
    assert first.locator(BLIND).count() == 0
    for key in ("2", "y", "h", "Enter"):
        second.keyboard.press(key)
    second.wait_for_selector(DRAFTS)
    first.locator("#take-over").click()
    first.wait_for_selector(DRAFTS)  # it goes on where the other tab was
    first.context.close()


def test_what_a_person_said_is_sent_under_no_other_name(browser: "Browser", tmp_path: Path):
    """Two people share a browser; the first one's answers wait until they are back."""
    root = make_review_root(tmp_path / "shared browser", 6)
    with serve_reviews(root) as running:
        page = log_in(browser, root, running, "ann")
        begin(page)
        anger = key_of(page, "anger")
        running.process.kill()
        running.process.wait()
        for key in (anger, "w", "k", "Enter"):
            page.keyboard.press(key)
        page.locator("#status", has_text=re.compile("offline")).wait_for()
        page.goto("about:blank")
    with serve_reviews(root, running.port):
        address = f"http://127.0.0.1:{running.port}"
        page.goto(f"{address}/login#{new_link(root, 'ben')}")
        page.wait_for_url("**/")
        begin(page)
        assert [event["kind"] for event in read(root)[0]].count("blind_commit") == 0
        with closing(ReviewDatabase(root.review)) as database:
            token = renew_link(database, "ann")
        page.goto(f"{address}/login#{token}")
        page.wait_for_url("**/")
        page.locator("#start").press("Enter")
        page.wait_for_selector(DRAFTS)
        page.context.close()
    said = [event for event in read(root)[0] if event["kind"] == "blind_commit"]
    assert [json.loads(event["value"])["emotion"] for event in said] == ["anger"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_acceptance_23_no_screen_has_a_serious_finding_of_axe(
    browser: "Browser", disputed: DataRoot, dispute: Server, scheme: str
):
    """No serious or critical finding of axe on any screen, in either theme."""
    from axe_playwright_python.sync_playwright import Axe

    page = log_in(browser, disputed, dispute, f"axe {scheme}", "admin", color_scheme=scheme)
    found = []

    def look(name: str) -> None:
        report = Axe().run(page).response["violations"]
        page.screenshot(path=disputed.path / f"{scheme}-{name}.png", full_page=True)
        found.extend(
            (name, one["id"], [node["html"] for node in one["nodes"]][:3])
            for one in report
            if one["impact"] in ("serious", "critical")
        )

    look("consent")
    begin(page)
    look("blind")
    page.keyboard.press("\\")
    page.locator("#affect-grid:not([hidden])").wait_for()
    look("grid")
    page.keyboard.press("'")
    page.locator("#guide[open]").wait_for()
    look("guide beside the image")
    page.keyboard.press("'")
    page.locator("#guide:not([open])").wait_for(state="attached")
    for key in ("4", "u", "j"):
        page.keyboard.press(key)
    page.locator("#commit:enabled").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector(DRAFTS)
    look("drafts")
    page.locator("#open-help").click()
    look("help")
    page.locator("#help button").click()
    finish(page)
    wait_for_image(page)
    for path in ("guide", "", "login", "adjudicate", "quality", "gallery", "keys", "admin"):
        page.goto(f"http://127.0.0.1:{dispute.port}/{path}")
        if path == "gallery":
            page.locator(".cell .buttons").first.wait_for()
        look(path or "home")
    assert found == []
    page.context.close()


# Pairs of controls of which one covers the other; a control inside another is no pair.
OVERLAPS = """() => {
  const kinds = "a, button, input, select, textarea, summary, label";
  const shown = [...document.querySelectorAll(kinds)]
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([one, box]) => box.width && box.right > 0 && one.checkVisibility());
  const found = [];
  shown.forEach(([one, a], place) => shown.slice(place + 1).forEach(([other, b]) => {
    if (one.contains(other) || other.contains(one)) return;
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 1) found.push([one, other].map((it) => it.outerHTML.slice(0, 90)));
  }));
  return found;
}"""


def test_acceptance_23_and_25_at_four_hundred_percent_nothing_overlaps_and_plural_is_decided(
    browser: "Browser", disputed: DataRoot, dispute: Server
):
    """At 320 pixels, which is 1280 at 400 %, no page is wider than the window, in any colours."""
    page = log_in(browser, disputed, dispute, "zoomed", "admin", forced_colors="active")
    begin(page)
    page.set_viewport_size({"width": 320, "height": 640})
    wide, covered = [], []
    for path in (None, "", "guide", "quality", "gallery", "keys", "admin", "adjudicate"):
        if path is not None:
            page.goto(f"http://127.0.0.1:{dispute.port}/{path}")
        page.screenshot(path=disputed.path / f"zoomed-{path or 'home'}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(path)
        covered += page.evaluate(OVERLAPS)
    assert wide == covered == []
    # 25: columns without names; "plural" keeps the distribution, and the image leaves the queue.
    task = page.locator("#decide").get_attribute("data-task")
    assert "person 0" not in page.locator("main").inner_text()
    page.locator('input[value="plural"]').check()
    page.locator('input[value="legitimately_plural"]').check()
    page.locator('input[name="guide_change"]').check()
    page.locator("#decide button[type=submit]").press("Enter")
    wait_until_none(page, f'#decide[data-task="{task}"]')
    decided = next(event for event in read(disputed)[0] if event["kind"] == "adjudicate")
    assert decided["task_id"] == task
    said = json.loads(decided["value"])
    assert (said["choice"], said["cause"]) == ("plural", "legitimately_plural")
    page.goto(f"http://127.0.0.1:{dispute.port}/admin")
    page.keyboard.press("/")
    page.keyboard.type(decided["image_id"][:12])
    asked = page.locator("tbody tr:not([hidden])")
    assert asked.filter(has_text="legitimately plural").count() == 1
    page.context.close()


def test_acceptance_24_what_a_person_avoids_is_not_served_and_a_break_is_offered(
    browser: "Browser", root: DataRoot, server: Server
):
    page = log_in(browser, root, server, "tired")
    page.locator('input[value="disgust"]').check()
    page.locator("#avoid button").click()
    page.get_by_text("saved", exact=True).wait_for()
    begin(page)
    with closing(ReviewDatabase(root.review)) as database:
        token = renew_link(database, "tired")
        with database.reading() as connection:
            query = sa.select(TASKS.c.task_id, TASKS.c.machine_emotion)
            machine = {row.task_id: row.machine_emotion for row in connection.execute(query)}
    tired = Rater(server.port).log_in(token)
    served = []
    while "task_id" in (task := tired.ask("POST", "/api/next", {"have": []}).body):
        served.append(machine[task["task_id"]])
        body = {"event_id": str(uuid.uuid4()), "reason": "distressing"}
        assert tired.ask("POST", f"/api/tasks/{task['task_id']}/skip", body).status == 200
    assert task["reason"] == "break"
    assert len(served) >= 10
    assert "disgust" not in served
    with closing(ReviewDatabase(root.review)) as database:
        token = renew_link(database, "tired")
    page.clock.install()
    page.goto(f"http://127.0.0.1:{server.port}/login#{token}")
    page.locator("#start").click()
    page.locator("#break:not([hidden])").wait_for()
    page.locator("#go-on").press("Enter")
    wait_for_image(page)
    # Who goes away is told before the image goes to others; any key keeps it.
    leaving = page.locator("#leaving:not([hidden])")
    for _ in range(2):  # the first quarter of an hour ends with what the person did before it
        assert leaving.count() == 0
        page.clock.fast_forward("13:30")
    leaving.wait_for()
    with page.expect_request("**/heartbeat"):
        page.keyboard.press("Shift")
    page.locator("#leaving[hidden]").wait_for(state="attached")
    page.context.close()


def test_acceptance_16_and_23_five_images_are_judged_by_keyboard_alone_and_blind(
    browser: "Browser", tmp_path: Path
):
    """No pointer is used, and what the browser hears and holds before each judgement is blind."""
    root = make_review_root(tmp_path / "keyboard", 8)
    with serve_reviews(root) as running:
        page = log_in(browser, root, running, "keys")
        heard: list[str] = []
        page.on("response", lambda reply: heard.append(reply.url) or heard.append(body_of(reply)))
        begin(page)
        for number in range(5):
            known = "\n".join([*heard, page.content()])
            secrets = (CAPTION, FINDING, FILE_NAME, "secret", "audit", '"gold', "disputed", "CAP_")
            assert [word for word in secrets if word in known] == []
            for key in (str(number + 1), "q", "l", "Enter"):
                page.keyboard.press(key)
            page.wait_for_selector(DRAFTS)
            finish(page)
            wait_for_image(page)
            heard.clear()
        page.context.close()
    assert [event["kind"] for event in read(root)[0]].count("submit") == 5


def test_a_box_is_drawn_by_four_points_and_an_image_is_flagged(browser: "Browser", tmp_path: Path):
    root = make_review_root(tmp_path / "boxes", 8, objects=("dog", "tree"))
    with serve_reviews(root) as running:
        page = log_in(browser, root, running, "boxes")
        begin(page)
        while True:
            for key in ("1", "q", "l", "Enter"):
                page.keyboard.press(key)
            page.wait_for_selector(DRAFTS)
            box = page.locator('[data-field="box"]')
            if box.count():
                break
            finish(page)
            wait_for_image(page)
        box.focus()
        # One box is lit, masks come and go, and a digit refuses the boxes at once.
        page.keyboard.press("b")
        assert page.locator("#overlay .chosen").count() == 1
        for is_on in (True, False):
            page.keyboard.press("m")
            assert page.locator("#masks-layer").is_visible() == is_on
        page.locator('#masks[aria-pressed="false"]').wait_for()
        page.keyboard.press("m")
        wait_until_drawn(page, "#masks-layer")
        page.keyboard.press("4")
        box.locator(".said", has_text="refused: duplicate").wait_for()
        page.keyboard.press("Backspace")
        page.locator('[data-field="box"]:not([data-answer])').wait_for()
        box.focus()
        page.keyboard.press("e")
        for key in ("ArrowRight", "Shift+ArrowDown", "BracketRight", "ArrowRight", "Shift+ArrowUp"):
            page.keyboard.press(key)
        page.locator("#overlay .chosen").nth(1).wait_for(
            state="attached"
        )  # the box, and its left edge
        page.keyboard.press("p")
        frame = page.locator("#overlay").bounding_box()
        assert frame
        for across, down in ((0.5, 0.25), (0.5, 0.75), (0.25, 0.5), (0.75, 0.5)):
            page.mouse.click(
                frame["x"] + across * frame["width"], frame["y"] + down * frame["height"]
            )
        box.locator(".corners").nth(1).wait_for()
        box.locator("button", has_text="Save").click()
        box.locator(".said", has_text="2 boxes").wait_for()
        # Of the objects each has an answer, by the keys of drafts; another one is added.
        objects = page.locator('[data-field="objects"]')
        objects.focus()
        for key in ("e", "u", "n"):
            page.keyboard.press(key)
        page.keyboard.type("cat")
        for key in ("Enter", "Control+Enter"):
            page.keyboard.press(key)
        objects.locator(".said", has_text="corrected: cat; cannot tell: dog").wait_for()
        page.keyboard.press("=")
        assert page.locator("#surround.zoomed").count() == 1
        page.keyboard.press(";")
        page.locator("#flag-dialog[open]").wait_for()
        page.keyboard.press("4")
        wait_for_image(page)
        page.context.close()
    events, votes = read(root)
    named = next(row for row in votes if row["reviewed_field"] == "objects")
    assert (named["said_json"], named["unknown_objects"]) == ('["cat"]', ["dog"])
    drawn = next(event for event in events if event["kind"] == "field_edit")
    first, second = json.loads(drawn["value"])
    # One step right and ten down, then its left edge one step; along itself an edge does not move.
    assert first == {"x1_px": 3, "y1_px": 12, "x2_px": 31, "y2_px": 30}
    image = next(one for one in measured_images(root) if one["image_id"] == drawn["image_id"])
    for name, share, side in (("x1_px", 0.25, "width_px"), ("y2_px", 0.75, "height_px")):
        assert second[name] == pytest.approx(share * image[side], abs=1)
    flag = next(event for event in events if event["kind"] == "flag")
    assert json.loads(flag["value"]) == "watermark"


def test_a_person_chooses_keys_and_finds_them_in_the_overlay(
    browser: "Browser", root: DataRoot, server: Server
):
    page = log_in(browser, root, server, "own keys")
    page.locator("#consent:enabled").press("Enter")
    page.locator("#start").wait_for()
    page.goto(f"http://127.0.0.1:{server.port}/keys")
    change = page.locator('[data-change="emotion_3"]')
    notice = page.locator("#notice")
    for key, said in (("q", "would mean both"), ("z", "saved")):
        change.click()
        page.keyboard.press(key)
        notice.filter(has_text=said).wait_for()
    with page.expect_response("**/api/me/keys"):  # it is stored before the page is left
        page.locator("#single-keys").uncheck()
    page.goto(f"http://127.0.0.1:{server.port}/label")
    wait_for_image(page)
    page.keyboard.press("z")
    page.locator("#single-keys:not(:checked)").check()
    page.keyboard.press("3")
    chosen = page.locator("input[name=emotion]:checked")
    assert chosen.count() == 0
    for key in ("z", "Shift+1", "1"):
        page.keyboard.press(key)
    shown = page.locator("input[name=emotion]").evaluate_all("all => all.map((one) => one.value)")
    assert chosen.get_attribute("value") == shown[0]
    for key, place in (("Backspace", 2), ("Control+Shift+Z", 0), ("Control+z", 2)):
        page.keyboard.press(key)
        assert chosen.get_attribute("value") == shown[place]
    page.locator("#blind h1").click()  # on a box of its own, Space would tick it
    page.keyboard.down("Space")
    page.locator("#main.bare").wait_for()
    page.keyboard.up("Space")
    page.locator("#main:not(.bare)").wait_for()
    page.keyboard.press("?")
    assert page.locator('#help[open] kbd[data-key="emotion_3"]').inner_text() == "Z"
    page.keyboard.press("Escape")
    page.locator("#help:not([open])").wait_for(state="attached")
    # The grid: keys mark a row or a column, arrows and Space a cell, Enter commits the chosen cell.
    with page.expect_response("**/api/me/ratings"):
        page.keyboard.press("\\")
    page.keyboard.press("t")
    assert page.locator(".plane .half").count() == 9
    page.locator('[role="gridcell"][tabindex="0"]').focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    assert page.locator('[data-valence="1"][data-arousal="2"][aria-selected="true"]').count() == 1
    page.keyboard.press("Control+z")
    assert page.locator('[aria-selected="true"]').count() == 0
    page.keyboard.press("Control+Shift+Z")
    page.keyboard.press("Enter")
    page.wait_for_selector(DRAFTS)
    judged = next(event for event in reversed(read(root)[0]) if event["kind"] == "blind_commit")
    said = json.loads(judged["value"])
    assert (said["valence"], said["arousal"], said["rating_input"]) == (1, 2, "grid")
    assert said["emotion_order"] == shown[:8]
    page.reload()
    page.wait_for_selector(DRAFTS)
    assert page.locator("#ratings").get_attribute("aria-pressed") == "true"
    page.context.close()


def test_images_of_the_gallery_are_sent_to_the_queue_by_keyboard(
    browser: "Browser", root: DataRoot, server: Server
):
    token = new_link(root, "gallery", "adjudicator")
    rater = Rater(server.port).log_in(token)
    for _ in range(4):
        rater.finish(rater.next_task()["task_id"], emotion="awe")
    with closing(ReviewDatabase(root.review)) as database:
        token = renew_link(database, "gallery")
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"http://127.0.0.1:{server.port}/login#{token}")
    page.locator("#start").wait_for()
    page.goto(f"http://127.0.0.1:{server.port}/gallery?group=emotion")
    page.locator('.cell[aria-posinset="4"]').wait_for()
    page.locator('.cell[aria-posinset="1"]').focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    page.locator("#show-sensitive").check()
    page.locator("#show-masks").check()
    page.locator(".masks[width='2']").first.wait_for()
    chosen = [page.locator(f'.cell[aria-posinset="{place}"]') for place in (1, 3)]
    sent = {one.get_attribute("data-task") or "" for one in chosen}
    page.locator("#send", has_text="2 images").click()
    page.locator("#notice", has_text="about 2 images").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("nothing has these words")
    page.keyboard.press("Enter")
    page.locator("#count", has_text="Nothing fits these filters").wait_for()
    events, _ = read(root)
    assert {event["task_id"] for event in events if event["kind"] == "reopen"} == sent
    # The server says who may, whatever the page shows.
    reviewer = Rater(server.port).log_in(new_link(root, "only looks", "reviewer"))
    asked = {"tasks": {str(uuid.uuid4()): min(sent)}}
    assert reviewer.ask("POST", "/api/queue", asked).status == 403
    unseen = reviewer.ask("GET", f"/api/gallery/masks?task={min(sent)}")
    assert (unseen.status, unseen.body) == (200, {"masks": {}})
    groups = reviewer.ask("GET", "/api/gallery").body["groups"]
    assert not sent & {task for group in groups for task in group["tasks"]}
    page.context.close()


def measured_images(root: DataRoot) -> list[dict[str, Any]]:
    return scan_table(root.tables, "dedup__images").collect().to_dicts()
