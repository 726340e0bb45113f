"""Chat completions as the servers speak them that people meet: error bodies, thoughts, limits.

OpenAI's own form is in `openai_wire.py`. Each dialect changes what its server is known to do
otherwise, as of November 2026; the answers are the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from resources.local_server.asked import Answer, Asked, Dialect, Problem, Tokens
from resources.local_server.openai_wire import CHAT, PROBLEMS, write_problem

_THOUGHTS = 'The schema wants one object. A draft: {"emotion": "none"}. No, look again.'
_FLAGGED = "Your input was flagged."
# What Azure's chat completions take, as far as this server reads it.
_KNOWN = frozenset(
    (
        *("model", "messages", "response_format", "max_tokens", "max_completion_tokens"),
        *("temperature", "top_p", "seed", "n", "stop", "stream", "user", "reasoning_effort"),
    )
)
_VLLM_TYPES = {400: "BadRequestError", 401: "Unauthorized", 404: "NotFoundError"}

Written = tuple[int, dict[str, str], dict[str, Any]]


def _vllm_problem(problem: Problem) -> Written:
    status, headers, _ = write_problem(problem)
    kind = _VLLM_TYPES.get(status, "InternalServerError")
    about = {"message": problem.message, "type": kind, "param": None, "code": status}
    return status, headers, {"object": "error", **about}


def _ollama_problem(problem: Problem) -> Written:
    status, headers, _ = write_problem(problem)
    error = {"message": problem.message, "type": "api_error", "param": None, "code": None}
    return status, headers, {"error": error}


def _lmstudio_problem(problem: Problem) -> Written:
    status, headers, _ = write_problem(problem)
    return status, headers, {"error": problem.message}


def _deepseek_problem(problem: Problem) -> Written:
    status = 402 if problem.kind == "balance_empty" else PROBLEMS[problem.kind][0]
    message = "Insufficient Balance" if status == 402 else problem.message
    error = {"message": message, "type": "unknown_error", "param": None, "code": "invalid_request"}
    return status, {}, {"error": error}


def _openrouter_problem(problem: Problem) -> Written:
    if problem.kind == "flagged":
        about = {"reasons": ["violence/graphic"], "flagged_input": "", "provider_name": "Local"}
        error: dict[str, Any] = {"code": 403, "message": problem.message, "metadata": about}
        return 403, {}, {"error": error, "user_id": "user_local"}
    status = 402 if problem.kind == "balance_empty" else PROBLEMS[problem.kind][0]
    error = {"code": status, "message": "Provider returned error"}
    error["metadata"] = {"raw": problem.message, "provider_name": "Local"}
    return status, {}, {"error": error, "user_id": "user_local"}


def _azure_problem(problem: Problem) -> Written:
    if problem.kind != "flagged":
        return write_problem(problem)
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}
    about = {"message": problem.message, "type": None, "param": "prompt", "code": "content_filter"}
    return 400, {}, {"error": {**about, "status": 400, "innererror": inner}}


def _read_deepseek(body: Mapping[str, Any], raw: bytes, model: str | None) -> Asked:
    """Read a request; the model reads text alone."""
    asked = CHAT.read(body, raw, model)
    if asked.pictures:
        said = "messages[1]: unknown variant `image_url`, expected `text` at line 1 column 4711"
        raise Problem("bad_request", f"Failed to deserialize the JSON body: {said}")
    return asked


def _read_lmstudio(body: Mapping[str, Any], raw: bytes, model: str | None) -> Asked:
    """Read a request; a schema or plain text may be wanted, but not just any JSON."""
    if (body.get("response_format") or {}).get("type") == "json_object":
        raise Problem("bad_request", "'response_format.type' must be 'json_schema' or 'text'")
    return CHAT.read(body, raw, model)


def _read_azure(body: Mapping[str, Any], raw: bytes, model: str | None) -> Asked:
    """Read a request; a parameter that is not known is an error."""
    if strange := sorted(set(body) - _KNOWN):
        raise Problem("bad_request", f"Unrecognized request argument supplied: {strange[0]}")
    return CHAT.read(body, raw, model)


def _thinking(field: str) -> Callable[[Asked, Answer, Tokens, str], dict[str, Any]]:
    """Return a writer that puts thoughts into a field of the message, or before its content."""

    def write(asked: Asked, answer: Answer, tokens: Tokens, answer_id: str) -> dict[str, Any]:
        body = CHAT.write(asked, answer, tokens, answer_id)
        message = body["choices"][0]["message"]
        if field == "content":
            message["content"] = f"<think>\n{_THOUGHTS}\n</think>\n\n{message['content'] or ''}"
        else:
            message[field] = _THOUGHTS
        for name in ("prompt_tokens_details", "completion_tokens_details"):
            del body["usage"][name]
        return body

    return write


def _moderating(asked: Asked, answer: Answer, tokens: Tokens, answer_id: str) -> dict[str, Any]:
    """Write an answer; one that the content filter stops is an error of the request instead."""
    if answer.kind == "content_filter":
        raise Problem("flagged", _FLAGGED)
    return CHAT.write(asked, answer, tokens, answer_id)


_OWN = replace(CHAT, needs_key=False)  # servers on one's own machine
DIALECTS: Mapping[str, Dialect] = {
    "openai": CHAT,
    "vllm": replace(_OWN, write=_thinking("reasoning_content"), write_problem=_vllm_problem),
    "ollama": replace(_OWN, write=_thinking("reasoning"), write_problem=_ollama_problem),
    "lmstudio": replace(
        _OWN, read=_read_lmstudio, write=_thinking("content"), write_problem=_lmstudio_problem
    ),
    "deepseek": replace(
        CHAT,
        read=_read_deepseek,
        write=_thinking("reasoning_content"),
        write_problem=_deepseek_problem,
    ),
    "openrouter": replace(CHAT, write=_moderating, write_problem=_openrouter_problem),
    "azure": replace(CHAT, read=_read_azure, write=_moderating, write_problem=_azure_problem),
}
