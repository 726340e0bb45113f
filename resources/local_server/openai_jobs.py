"""The OpenAI protocol: files and batches.

`jobs.py` runs the jobs.
"""

import json
from collections.abc import Iterator
from typing import Any

from aiohttp import BodyPartReader, web

from resources.local_server.asked import Dialect, Problem
from resources.local_server.jobs import Desk, Job, Row, StoredFile, page
from resources.local_server.openai_images import IMAGES
from resources.local_server.openai_wire import CHAT, RESPONSES

_ENDPOINTS = {
    "/v1/chat/completions": CHAT,
    "/v1/responses": RESPONSES,
    "/v1/images/generations": IMAGES,
}
_WINDOW_S = 24 * 3600
_STATES = {
    "waiting": "validating",
    "running": "in_progress",
    "done": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}
_STAMPS = {
    "running": "in_progress_at",
    "done": "completed_at",
    "failed": "failed_at",
    "cancelled": "cancelled_at",
}


class OpenAiJobs:
    """Handlers for files and batches."""

    def __init__(self, desk: Desk) -> None:
        """Use the desk's files and jobs."""
        self._desk = desk

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """POST /files: a form with the file and its purpose."""
        data, name, purpose = b"", "", "batch"
        reader = await request.multipart()
        async for part in reader:
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "file":
                data, name = bytes(await part.read()), part.filename or ""
            elif part.name == "purpose":
                purpose = await part.text()
        if not data:
            raise Problem("bad_request", "The form has no file, or an empty one.")
        stored = self._desk.keep_file(self._desk.new_id("file-"), data, name, purpose)
        return web.json_response(_describe_file(stored))

    async def list_files(self, request: web.Request) -> web.StreamResponse:
        """GET /files."""
        names, more = page(list(self._desk.files), request.query.get("after"), _limit(request))
        return web.json_response(
            _as_list([_describe_file(self._desk.files[name]) for name in names], is_cut=more)
        )

    async def show_file(self, request: web.Request) -> web.StreamResponse:
        """GET /files/{id}."""
        return web.json_response(_describe_file(self._file(request)))

    async def delete_file(self, request: web.Request) -> web.StreamResponse:
        """DELETE /files/{id}."""
        found = self._file(request)
        del self._desk.files[found.file_id]
        return web.json_response({"id": found.file_id, "object": "file", "deleted": True})

    async def read_file(self, request: web.Request) -> web.StreamResponse:
        """GET /files/{id}/content."""
        return web.Response(body=self._file(request).data, content_type="application/octet-stream")

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST /batches; an invalid file creates a failed job."""
        wanted = await _json_of(request)
        dialect = _ENDPOINTS.get(str(wanted.get("endpoint")))
        if dialect is None:
            raise Problem("bad_request", f"endpoint is one of {', '.join(_ENDPOINTS)}.")
        source = self._desk.find_file(str(wanted.get("input_file_id")))
        about = {name: wanted.get(name) for name in ("endpoint", "input_file_id", "metadata")}
        rows, errors = self._read_rows(source.data, dialect, str(wanted["endpoint"]))
        job = Job(self._desk.new_id("batch_"), dialect, rows, {**about, "errors": errors})
        if errors:
            job.enter("waiting")
            job.enter("failed")
            self._desk.jobs[job.job_id] = job
        else:
            self._desk.start(job)
        return web.json_response(self._describe(job))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /batches/{id}."""
        return web.json_response(self._describe(self._job(request)))

    async def list_jobs(self, request: web.Request) -> web.StreamResponse:
        """GET /batches, newest first."""
        names, more = page(list(self._desk.jobs), request.query.get("after"), _limit(request))
        return web.json_response(
            _as_list([self._describe(self._desk.jobs[name]) for name in names], is_cut=more)
        )

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """POST /batches/{id}/cancel: answered rows stay, and are billed."""
        job = self._job(request)
        if job.is_over:
            raise Problem(
                "bad_request", f"A batch that is {_STATES[job.state]} cannot be cancelled."
            )
        job.wants_cancel.set()
        return web.json_response(self._describe(job))

    def _file(self, request: web.Request) -> StoredFile:
        return self._desk.find_file(request.match_info["file"])

    def _job(self, request: web.Request) -> Job:
        return self._desk.find_job(request.match_info["job"])

    def _read_rows(
        self, data: bytes, dialect: Dialect, endpoint: str
    ) -> tuple[list[Row], list[dict[str, Any]]]:
        """Return the rows of a file, and its errors by line."""
        lines = [line for line in data.split(b"\n") if line.strip()]
        most = self._desk.service.script.batch.rows_most
        if len(lines) > most:
            problem = _error(
                "too_many_rows", f"There are {len(lines)} rows; at most {most} may be."
            )
            return [], [problem]
        rows: list[Row] = []
        errors: list[dict[str, Any]] = []
        keys: set[str] = set()
        for number, line in enumerate(lines, 1):
            try:
                row = _read_row(line, endpoint, keys)
                self._desk.service.read(dialect, row.body, None)
            except Problem as problem:
                errors.append(_error(problem.kind, problem.message, number))
            else:
                rows.append(row)
        return rows, errors

    def _describe(self, job: Job) -> dict[str, Any]:
        """Return a batch as JSON; write its result files when it is first found to be over."""
        if job.state in ("done", "cancelled") and "output" not in job.output_ids:
            self._write_results(job)
        state = _STATES[job.state]
        has_expired = any(result.status == 0 for result in job.results)
        if job.state == "done" and has_expired:
            state = "expired"
        elif job.wants_cancel.is_set() and not job.is_over:
            state = "cancelling"
        good = sum(result.status == 200 for result in job.results)
        stamps = {_STAMPS[name]: int(at) for name, at in job.stamps.items() if name in _STAMPS}
        if state == "expired":
            stamps["expired_at"] = stamps.pop("completed_at")
        created = int(job.stamps["waiting"])
        errors = job.about["errors"]
        if job.state == "failed" and not errors:
            errors = [_error("server_error", "The batch failed; nothing of it was answered.")]
        return {
            "id": job.job_id,
            "object": "batch",
            "endpoint": job.about["endpoint"],
            "errors": {"object": "list", "data": errors} if errors else None,
            "input_file_id": job.about["input_file_id"],
            "completion_window": "24h",
            "status": state,
            "output_file_id": job.output_ids.get("output") or None,
            "error_file_id": job.output_ids.get("error") or None,
            "created_at": created,
            "expires_at": created + _WINDOW_S,
            **stamps,
            "request_counts": {
                "total": len(job.rows),
                "completed": good,
                "failed": len(job.results) - good,
            },
            "metadata": job.about["metadata"],
        }

    def _write_results(self, job: Job) -> None:
        """Write the answers to one file and the errors to another; skip an empty one."""
        for kind, lines in (
            ("output", list(_result_lines(job, is_good=True))),
            ("error", list(_result_lines(job, is_good=False))),
        ):
            job.output_ids[kind] = ""
            if lines:
                data = "".join(lines).encode("utf-8", "surrogatepass")
                name = f"{job.job_id}_{kind}.jsonl"
                stored = self._desk.keep_file(
                    self._desk.new_id("file-"), data, name, "batch_output"
                )
                job.output_ids[kind] = stored.file_id


def add_openai_jobs(router: Any, prefix: str, jobs: OpenAiJobs, guard: Any) -> None:
    """Register the paths; `guard(endpoint, handler)` handles keys and problems."""
    router.add_post(f"{prefix}/files", guard("files", jobs.upload))
    router.add_get(f"{prefix}/files", guard("files", jobs.list_files))
    router.add_get(f"{prefix}/files/{{file}}", guard("files", jobs.show_file))
    router.add_delete(f"{prefix}/files/{{file}}", guard("files", jobs.delete_file))
    router.add_get(f"{prefix}/files/{{file}}/content", guard("files", jobs.read_file))
    router.add_post(f"{prefix}/batches", guard("batches", jobs.create))
    router.add_get(f"{prefix}/batches", guard("batches", jobs.list_jobs))
    router.add_get(f"{prefix}/batches/{{job}}", guard("batches", jobs.show))
    router.add_post(f"{prefix}/batches/{{job}}/cancel", guard("batches", jobs.cancel))


async def _json_of(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Problem("bad_request", "The body is not a JSON object.")
    return body


def _read_row(line: bytes, endpoint: str, keys: set[str]) -> Row:
    """Read one line of an input file; its key is added to `keys`.

    Raises:
        Problem: The line is invalid.
    """
    try:
        row = json.loads(line)
    except ValueError:
        raise Problem("bad_request", "The line is not JSON.") from None
    if not isinstance(row, dict) or not isinstance(row.get("body"), dict):
        raise Problem("bad_request", "The line is not an object with a body.")
    key = row.get("custom_id")
    if not isinstance(key, str) or key in keys:
        raise Problem("bad_request", "custom_id is missing or stands twice.")
    if row.get("url") != endpoint or row.get("method") != "POST":
        raise Problem("bad_request", f"The line does not POST to {endpoint}.")
    keys.add(key)
    # As the SDK would send it in a single call, so that equal requests have equal digests.
    body = json.dumps(row["body"], separators=(",", ":"), ensure_ascii=False)
    return Row(key, body.encode("utf-8", "surrogatepass"))


def _result_lines(job: Job, *, is_good: bool) -> Iterator[str]:
    for number, (row, result) in enumerate(zip(job.rows, job.results, strict=False)):
        if (result.status == 200) != is_good:
            continue
        request_id = f"{job.job_id}_{number}"
        line: dict[str, Any] = {"id": f"batch_req_{request_id}", "custom_id": row.key}
        if result.status == 0:
            late = "The row was not answered before the batch expired."
            line |= {"response": None, "error": {"code": "batch_expired", "message": late}}
        else:
            response = {"status_code": result.status, "request_id": request_id, "body": result.body}
            line |= {"response": response, "error": None}
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _describe_file(stored: StoredFile) -> dict[str, Any]:
    return {
        "id": stored.file_id,
        "object": "file",
        "bytes": len(stored.data),
        "created_at": stored.created_s,
        "filename": stored.name,
        "purpose": stored.purpose,
        "status": "processed",
    }


def _as_list(items: list[dict[str, Any]], *, is_cut: bool) -> dict[str, Any]:
    return {
        "object": "list",
        "data": items,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": is_cut,
    }


def _limit(request: web.Request) -> int:
    try:
        return min(100, max(1, int(request.query.get("limit", "20"))))
    except ValueError:
        raise Problem("bad_request", "limit is not a number.") from None


def _error(code: str, message: str, line: int | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": None, "line": line}
