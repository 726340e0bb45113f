"""The Gemini protocol's JSON: generateContent requests, answers and errors.

`gemini_jobs.py` handles files and batches.
"""

from collections.abc import Mapping
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

PROVIDER = "local_gemini"

# kind -> HTTP status, status of the protocol, reason in the error's details
PROBLEMS: Mapping[str, tuple[int, str, str | None]] = {
    "bad_request": (400, "INVALID_ARGUMENT", None),
    "picture_rejected": (400, "INVALID_ARGUMENT", None),
    "wrong_key": (400, "INVALID_ARGUMENT", "API_KEY_INVALID"),
    "missing_key": (403, "PERMISSION_DENIED", None),
    "revoked": (403, "PERMISSION_DENIED", "CONSUMER_SUSPENDED"),
    "unknown_model": (404, "NOT_FOUND", None),
    "not_found": (404, "NOT_FOUND", None),
    "rate_limited": (429, "RESOURCE_EXHAUSTED", None),
    "balance_empty": (429, "RESOURCE_EXHAUSTED", None),
    "server_error": (500, "INTERNAL", None),
    "unavailable": (503, "UNAVAILABLE", None),
}
_FREE_FORM = {"type": "object", "properties": {"description": {"type": "string"}}}


def read_generate(body: Mapping[str, Any], raw: bytes, model: str | None) -> Asked:
    """Read a generateContent request; the path names the model, in batch rows the body may too."""
    config = body.get("generationConfig") or {}
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    if schema is None and config.get("responseMimeType") == "application/json":
        schema = _FREE_FORM
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        raise Problem("bad_request", "contents is not specified")
    texts: list[str] = []
    pictures: list[SentPicture] = []
    for content in (body.get("systemInstruction") or {}, *contents):
        for part in content.get("parts") or ():
            if isinstance(text := part.get("text"), str):
                texts.append(text)
            elif (inline := part.get("inlineData")) is not None:
                pictures.append(SentPicture(str(inline.get("data", ""))))
            elif "fileData" in part:
                raise Problem("picture_rejected", "This server reads inline images alone.")
    return Asked(
        PROVIDER,
        model or str(body.get("model", "")).removeprefix("models/"),
        tuple(texts),
        tuple(pictures),
        schema,
        compact(schema),
        config.get("maxOutputTokens"),
        digest_of(raw),
    )


def write_generate(asked: Asked, answer: Answer, tokens: Tokens, answer_id: str) -> dict[str, Any]:
    """Return a GenerateContentResponse; refusals block the prompt, filters end the candidate."""
    modalities = {"TEXT": tokens.text_input, "IMAGE": tokens.picture_input}
    reply: dict[str, Any] = {
        "usageMetadata": {
            "promptTokenCount": tokens.input,
            "candidatesTokenCount": tokens.output,
            "totalTokenCount": tokens.input + tokens.output,
            "promptTokensDetails": [
                {"modality": name, "tokenCount": count}
                for name, count in modalities.items()
                if count
            ],
        },
        "modelVersion": asked.model,
        "responseId": answer_id,
    }
    if answer.finish == "refusal":
        return {"promptFeedback": {"blockReason": "SAFETY"}, **reply}
    content: dict[str, Any] = {"role": "model"}
    if answer.text:
        content["parts"] = [{"text": answer.text}]
    finish = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}[answer.finish]
    return {"candidates": [{"content": content, "finishReason": finish, "index": 0}], **reply}


def write_problem(problem: Problem) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return an error: status, headers, body."""
    code, status, reason = PROBLEMS[problem.kind]
    details: list[dict[str, Any]] = []
    if reason:
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": "googleapis.com",
            }
        )
    if problem.kind == "rate_limited":
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerSecond"}],
            }
        )
    if problem.retry_after_s is not None:
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": f"{problem.retry_after_s:.3f}s",
            }
        )
    error: dict[str, Any] = {"code": code, "message": problem.message, "status": status}
    if details:
        error["details"] = details
    return code, {}, {"error": error}


GENERATE = Dialect("generate", read_generate, write_generate, write_problem)
