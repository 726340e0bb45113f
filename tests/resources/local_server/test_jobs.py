"""Files and batches of the local server, driven by the real SDKs over real HTTP."""

import asyncio
import io
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import pytest

from eemo_pipeline.vlm.contract import Usage
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.local_server import LocalServer, local_server

openai = pytest.importorskip("openai")
genai = pytest.importorskip("google.genai")

SCHEMA = {
    "type": "object",
    "properties": {"emotion": {"type": "string"}, "clarity": {"type": "integer", "minimum": 1}},
    "required": ["emotion", "clarity"],
    "additionalProperties": False,
}


def wait_for(read: Callable[[], Any], is_over: Callable[[Any], bool]) -> Any:
    for _ in range(500):
        if is_over(job := read()):
            return job
        time.sleep(0.01)
    pytest.fail("the job does not end")


def openai_rows(count: int) -> bytes:
    wanted = {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA}}
    rows = [
        {
            "custom_id": f"row-{number}",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {
                "model": "local-a",
                "messages": [{"role": "user", "content": f"picture {number}"}],
                "response_format": wanted,
            },
        }
        for number in range(count)
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def submit(client: Any, rows: bytes, **metadata: str) -> Any:
    file = client.files.create(file=("rows.jsonl", rows), purpose="batch")
    return client.batches.create(
        input_file_id=file.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata=metadata,
    )


def finish(client: Any, job_id: str) -> Any:
    over = ("completed", "failed", "expired", "cancelled")
    return wait_for(lambda: client.batches.retrieve(job_id), lambda job: job.status in over)


def lines_of(client: Any, file_id: str | None) -> list[dict[str, Any]]:
    assert file_id is not None
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()]


def openai_client(server: LocalServer) -> Any:
    return openai.OpenAI(base_url=server.openai_url, api_key=server.key, max_retries=0)


def gemini_client(server: LocalServer) -> Any:
    # The client closes its connections when it is collected: hold on to it.
    return genai.Client(api_key=server.key, http_options={"base_url": server.gemini_url})


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


@pytest.fixture
def billed(server: LocalServer) -> Callable[[], int]:
    """How many answers have been billed since the test began."""
    before = server.account()["billed"]
    return lambda: server.account()["billed"] - before


@pytest.fixture(autouse=True)
def without_faults(server: LocalServer) -> None:
    server.follow({})


def test_an_openai_batch_is_answered_at_half_the_price(server: LocalServer) -> None:
    client = openai_client(server)
    before = server.account()
    job = finish(client, submit(client, openai_rows(3), run="one").id)
    assert (job.status, job.metadata) == ("completed", {"run": "one"})
    assert (job.request_counts.completed, job.request_counts.failed) == (3, 0)
    lines = lines_of(client, job.output_file_id)
    assert [line["custom_id"] for line in lines] == ["row-0", "row-1", "row-2"]
    usages = []
    for line in lines:
        body = line["response"]["body"]
        reply = json.loads(body["choices"][0]["message"]["content"])
        assert set(reply) == {"emotion", "clarity"}
        usage = body["usage"]
        usages.append(Usage(usage["prompt_tokens"], usage["completion_tokens"]))
    cost = partial(read_prices().cost, "local_openai", "local-a")
    owed = server.account()["nano_usd"] - before["nano_usd"]
    assert owed == sum(cost(used, is_batch=True) for used in usages)
    assert 2 * owed == sum(cost(used) for used in usages)


def test_an_openai_batch_answers_as_online(server: LocalServer) -> None:
    client = openai_client(server)
    job = finish(client, submit(client, openai_rows(1)).id)
    online = client.chat.completions.create(**json.loads(openai_rows(1))["body"])
    (line,) = lines_of(client, job.output_file_id)
    text = line["response"]["body"]["choices"][0]["message"]["content"]
    assert text == online.choices[0].message.content


def test_files_are_kept_listed_and_deleted(server: LocalServer) -> None:
    client = openai_client(server)
    made = client.files.create(file=("rows.jsonl", b"{}\n"), purpose="batch")
    assert client.files.retrieve(made.id).bytes == 3
    assert client.files.content(made.id).content == b"{}\n"
    assert made.id in [file.id for file in client.files.list()]
    assert client.files.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(made.id)


def test_openai_batches_are_listed_page_by_page(server: LocalServer) -> None:
    client = openai_client(server)
    made = [submit(client, openai_rows(1), number=str(number)).id for number in range(5)]
    listed = islice(client.batches.list(limit=2), 5)
    assert [job.id for job in listed] == made[::-1]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (b"not JSON\n", "not JSON"),
        (openai_rows(1) * 2, "custom_id"),
        (openai_rows(1).replace(b"/v1/chat/completions", b"/v1/embeddings"), "does not POST"),
        (openai_rows(1).replace(b"local-a", b"no-model"), "no-model"),
        (openai_rows(4), "at most 3"),
    ],
)
def test_a_file_that_cannot_be_used_fails_the_batch(
    server: LocalServer, rows: bytes, said: str, billed: Callable[[], int]
) -> None:
    server.follow({"batch": {"rows_most": 3}})
    job = submit(openai_client(server), rows)
    assert job.status == "failed"
    assert said in job.errors.data[-1].message
    assert billed() == 0


def test_expired_and_failed_rows_stand_in_the_error_file_and_pass_later(
    server: LocalServer, billed: Callable[[], int]
) -> None:
    server.follow({"seed": 3, "batch": {"expired": 0.3, "failed": 0.2}})
    client = openai_client(server)
    job = finish(client, submit(client, openai_rows(30)).id)
    good = lines_of(client, job.output_file_id)
    bad = lines_of(client, job.error_file_id)
    assert job.status == "expired"
    assert len(good) + len(bad) == 30
    expired = [line for line in bad if line["error"]]
    failed = [line for line in bad if line["response"]]
    assert {line["error"]["code"] for line in expired} == {"batch_expired"}
    assert {line["response"]["status_code"] for line in failed} == {500}
    assert len(expired) + len(failed) == len(bad)
    assert billed() == len(good)
    again = finish(client, submit(client, openai_rows(30)).id)
    names = {line["custom_id"] for line in lines_of(client, again.output_file_id)}
    assert names & {line["custom_id"] for line in bad}


def test_a_whole_batch_fails_and_the_next_one_passes(
    server: LocalServer, billed: Callable[[], int]
) -> None:
    server.follow({"batch": {"jobs_failed": 1}})
    client = openai_client(server)
    assert finish(client, submit(client, openai_rows(2)).id).status == "failed"
    assert billed() == 0
    assert finish(client, submit(client, openai_rows(2)).id).status == "completed"


def test_a_batch_waits_and_can_be_cancelled(server: LocalServer, billed: Callable[[], int]) -> None:
    server.follow({"batch": {"delay_s": 60}})
    client = openai_client(server)
    job = submit(client, openai_rows(2))
    assert client.batches.retrieve(job.id).status == "validating"
    assert client.batches.cancel(job.id).status == "cancelling"
    assert finish(client, job.id).status == "cancelled"
    assert billed() == 0


def test_a_submission_whose_answer_is_lost_is_found_in_the_list(server: LocalServer) -> None:
    script = {"rules": [{"fault": "reset", "endpoint": "batches", "first": 1}]}
    server.follow(script)
    client = openai_client(server)
    with pytest.raises(openai.APIConnectionError):
        submit(client, openai_rows(1), run="lost")
    found = next(iter(client.batches.list()))
    assert found.metadata == {"run": "lost"}


def gemini_request(number: int) -> dict[str, Any]:
    config = {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}
    parts = [{"text": f"picture {number}"}]
    return {"contents": [{"role": "user", "parts": parts}], "generationConfig": config}


def finish_gemini(client: Any, name: str | None) -> Any:
    assert name is not None
    return wait_for(
        lambda: client.batches.get(name=name),
        lambda job: job.state.name not in ("JOB_STATE_PENDING", "JOB_STATE_RUNNING"),
    )


def test_a_gemini_batch_from_a_file_is_answered_in_a_file(server: LocalServer) -> None:
    client = gemini_client(server)
    rows = [{"key": f"row-{number}", "request": gemini_request(number)} for number in range(3)]
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    file = client.files.upload(file=io.BytesIO(data), config={"mime_type": "application/jsonl"})
    assert client.files.get(name=file.name).size_bytes == len(data)
    job = client.batches.create(model="local-b", src=file.name, config={"display_name": "mine"})
    done = finish_gemini(client, job.name)
    assert (done.state.name, done.display_name) == ("JOB_STATE_SUCCEEDED", "mine")
    before = server.account()["nano_usd"]
    text = client.files.download(file=done.dest.file_name).decode()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["key"] for line in lines] == ["row-0", "row-1", "row-2"]
    for line in lines:
        reply = genai.types.GenerateContentResponse.model_validate(line["response"])
        assert set(json.loads(reply.text or "")) == {"emotion", "clarity"}
    assert server.account()["nano_usd"] == before


def test_a_gemini_batch_in_one_request_is_answered_in_place(server: LocalServer) -> None:
    client = gemini_client(server)
    rows = [
        genai.types.InlinedRequest(
            contents=[
                genai.types.Content(role="user", parts=[genai.types.Part(text=f"picture {number}")])
            ],
            metadata={"key": f"row-{number}"},
            config=genai.types.GenerateContentConfig(
                response_mime_type="application/json", response_json_schema=SCHEMA
            ),
        )
        for number in range(2)
    ]
    job = asyncio.run(client.aio.batches.create(model="local-a", src=rows))
    done = finish_gemini(client, job.name)
    answers = done.dest.inlined_responses
    assert [answer.metadata for answer in answers] == [{"key": "row-0"}, {"key": "row-1"}]
    assert all(
        set(json.loads(answer.response.text)) == {"emotion", "clarity"} for answer in answers
    )


def test_gemini_batches_fail_expire_and_are_cancelled(
    server: LocalServer, billed: Callable[[], int]
) -> None:
    script = {"batch": {"jobs_failed": 1, "expired": 0.5, "failed": 0.5}}
    server.follow(script)
    client = gemini_client(server)
    rows: Any = [{"contents": f"picture {number}"} for number in range(4)]
    failed = finish_gemini(client, client.batches.create(model="local-a", src=rows).name)
    assert failed.state.name == "JOB_STATE_FAILED"
    done = finish_gemini(client, client.batches.create(model="local-a", src=rows).name)
    codes = {answer.error.code for answer in done.dest.inlined_responses}
    assert codes <= {4, 13}
    assert billed() == 0
    server.follow({"batch": {"delay_s": 60}})
    client = gemini_client(server)
    job = client.batches.create(model="local-a", src=rows)
    client.batches.cancel(name=job.name)
    assert finish_gemini(client, job.name).state.name == "JOB_STATE_CANCELLED"


def test_gemini_batches_are_listed_page_by_page_and_deleted(server: LocalServer) -> None:
    client = gemini_client(server)
    rows: Any = [{"contents": "picture"}]
    made = [client.batches.create(model="local-a", src=rows).name for _ in range(5)]
    listed = islice(client.batches.list(config={"page_size": 2}), 5)
    assert [job.name for job in listed] == made[::-1]
    client.batches.delete(name=made[0])
    assert made[0] not in [job.name for job in client.batches.list()]


def test_a_gemini_job_that_is_too_large_is_refused(server: LocalServer) -> None:
    server.follow({"batch": {"inline_bytes_most": 1000}})
    client = gemini_client(server)
    rows: Any = [{"contents": "picture " * 200}]
    with pytest.raises(genai.errors.ClientError) as caught:
        client.batches.create(model="local-a", src=rows)
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")


def test_both_protocols_keep_their_jobs_apart(server: LocalServer) -> None:
    openai_job = submit(openai_client(server), openai_rows(1)).id
    client = gemini_client(server)
    assert openai_job not in [job.name for job in client.batches.list()]
