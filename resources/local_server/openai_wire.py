"""The OpenAI protocol's JSON: chat completions and responses, their answers and errors.

`openai_jobs.py` handles files and batches.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from resources.local_server.asked import (
    Answer,
    Asked,
    Dialect,
    Problem,
    SentPicture,
    Tokens,
    compact,
    digest_of,
)

PROVIDER = "local_openai"
CREATED = 1_700_000_000  # fixed, so that an answer depends only on its request

# kind -> status, type, code
PROBLEMS: Mapping[str, tuple[int, str, str | None]] = {
    "bad_request": (400, "invalid_request_error", None),
    "picture_rejected": (400, "invalid_request_error", "invalid_image_format"),
    "missing_key": (401, "invalid_request_error", None),
    "wrong_key": (401, "invalid_request_error", "invalid_api_key"),
    "revoked": (401, "invalid_request_error", "invalid_api_key"),
    "unknown_model": (404, "invalid_request_error", "model_not_found"),
    "not_found": (404, "invalid_request_error", None),
    "rate_limited": (429, "requests", "rate_limit_exceeded"),
    "balance_empty": (429, "insufficient_quota", "insufficient_quota"),
    "server_error": (500, "server_error", None),
    "unavailable": (503, "server_error", None),
}
_CHAT_FINISHES = {
    "stop": "stop",
    "length": "length",
    "refusal": "stop",
    "content_filter": "content_filter",
}
_FREE_FORM = {"type": "object", "properties": {"description": {"type": "string"}}}


def read_chat(body: Mapping[str, Any], raw: bytes, model: str | None) -> Asked:
    """Read the request of a chat completion."""
    del model
    wanted = body.get("response_format") or {}
    kind = wanted.get("type", "text")
    schema = wanted.get("json_schema", {}).get("schema") if kind == "json_schema" else None
    parts = [part for message in _messages(body.get("messages")) for part in _parts(message)]
    return _asked(
        body,
        raw,
        parts,
        _FREE_FORM if kind == "json_object" else schema,
        body.get("max_completion_tokens") or body.get("max_tokens"),
    )


def read_responses(body: Mapping[str, Any], raw: bytes, model: str | None) -> Asked:
    """Read the request of a response."""
    del model
    said = body.get("input")
    messages = [{"content": said}] if isinstance(said, str) else _messages(said)
    parts = [part for message in messages for part in _parts(message)]
    if instructions := body.get("instructions"):
        parts.insert(0, {"text": instructions})
    wanted = (body.get("text") or {}).get("format") or {}
    kind = wanted.get("type", "text")
    schema = wanted.get("schema") if kind == "json_schema" else None
    return _asked(
        body,
        raw,
        parts,
        _FREE_FORM if kind == "json_object" else schema,
        body.get("max_output_tokens"),
    )


def _messages(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Problem("bad_request", "The messages are not a list of objects.")
    if not value:
        raise Problem("bad_request", "There are no messages.")
    return value


def _parts(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"text": content}]
    return content if isinstance(content, list) else []


def _asked(
    body: Mapping[str, Any],
    raw: bytes,
    parts: Iterable[Mapping[str, Any]],
    schema: Mapping[str, Any] | None,
    most: int | None,
) -> Asked:
    texts: list[str] = []
    pictures: list[SentPicture] = []
    for part in parts:
        if isinstance(text := part.get("text"), str):
            texts.append(text)
        elif (image := part.get("image_url")) is not None:
            pictures.append(_picture(image, part.get("detail")))
    return Asked(
        PROVIDER,
        str(body.get("model", "")),
        tuple(texts),
        tuple(pictures),
        schema,
        compact(schema),
        most,
        digest_of(raw),
    )


def _picture(image: Any, detail: str | None) -> SentPicture:
    """Read an image in either form: an object with url and detail, or the URL itself."""
    if isinstance(image, dict):
        image, detail = image.get("url"), image.get("detail")
    if not isinstance(image, str) or not image.startswith("data:"):
        raise Problem("picture_rejected", "This server reads images from data URLs alone.")
    head, comma, data = image.partition(",")
    if not comma or not head.endswith(";base64"):
        raise Problem("picture_rejected", "A data URL is not base64.")
    return SentPicture(data, detail or "auto")


def write_chat(asked: Asked, answer: Answer, tokens: Tokens, answer_id: str) -> dict[str, Any]:
    """Return a chat completion."""
    is_refused = answer.finish == "refusal"
    return {
        "id": f"chatcmpl-{answer_id}",
        "object": "chat.completion",
        "created": CREATED,
        "model": asked.model,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None if is_refused else answer.text,
                    "refusal": answer.text if is_refused else None,
                },
                "logprobs": None,
                "finish_reason": _CHAT_FINISHES[answer.finish],
            }
        ],
        "usage": {
            "prompt_tokens": tokens.input,
            "completion_tokens": tokens.output,
            "total_tokens": tokens.input + tokens.output,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "system_fingerprint": "fp_local",
    }


def write_responses(asked: Asked, answer: Answer, tokens: Tokens, answer_id: str) -> dict[str, Any]:
    """Return a response."""
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(answer.finish)
    part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
    if answer.finish == "refusal":
        part = {"type": "refusal", "refusal": answer.text}
    status = "incomplete" if reason else "completed"
    return {
        "id": f"resp_{answer_id}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": None,
        "model": asked.model,
        "output": [
            {
                "type": "message",
                "id": f"msg_{answer_id}",
                "status": status,
                "role": "assistant",
                "content": [part],
            }
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "metadata": {},
        "max_output_tokens": asked.max_output_tokens,
        "usage": {
            "input_tokens": tokens.input,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": tokens.output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": tokens.input + tokens.output,
        },
    }


def write_problem(problem: Problem) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return an error: status, headers, body."""
    status, kind, code = PROBLEMS[problem.kind]
    headers = {}
    if problem.retry_after_s is not None:
        headers["retry-after-ms"] = str(math.ceil(problem.retry_after_s * 1000))
        headers["retry-after"] = str(math.ceil(problem.retry_after_s))
    error = {"message": problem.message, "type": kind, "param": None, "code": code}
    return status, headers, {"error": error}


CHAT = Dialect("chat", read_chat, write_chat, write_problem)
RESPONSES = Dialect("responses", read_responses, write_responses, write_problem)
