"""The Gemini protocol: file uploads, batches and their results.

`jobs.py` runs the jobs.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from resources.local_server.asked import Problem
from resources.local_server.gemini_wire import GENERATE
from resources.local_server.jobs import Desk, Job, Row, StoredFile, page
from resources.local_server.service import Served

_STATES = {
    "waiting": "BATCH_STATE_PENDING",
    "running": "BATCH_STATE_RUNNING",
    "done": "BATCH_STATE_SUCCEEDED",
    "failed": "BATCH_STATE_FAILED",
    "cancelled": "BATCH_STATE_CANCELLED",
}
_INTERNAL, _DEADLINE_EXCEEDED = 13, 4  # codes of google.rpc.Code


class GeminiJobs:
    """Handlers for files and batches."""

    def __init__(self, desk: Desk) -> None:
        """Use the desk's files and jobs."""
        self._desk = desk
        self._uploads: dict[str, tuple[dict[str, Any], bytearray]] = {}

    async def begin_upload(self, request: web.Request) -> web.StreamResponse:
        """POST /upload/v1/files: the response header gives the address for the bytes."""
        if request.headers.get("x-goog-upload-command") != "start":
            raise Problem("bad_request", "An upload begins with the command start.")
        wanted = (await _json_of(request)).get("file") or {}
        wanted.setdefault("mimeType", request.headers.get("x-goog-upload-header-content-type"))
        upload_id = self._desk.new_id("upload")
        self._uploads[upload_id] = (wanted, bytearray())
        target = request.url.with_path(f"{request.path}/chunks").with_query({"id": upload_id})
        headers = {"x-goog-upload-url": str(target), "x-goog-upload-status": "active"}
        return web.json_response({}, headers=headers)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """POST to the URL of `begin_upload`, which replaces the key: one chunk, or the last."""
        upload_id = request.query.get("id", "")
        if upload_id not in self._uploads:
            raise Problem("not_found", "There is no such upload.")
        wanted, data = self._uploads[upload_id]
        if int(request.headers.get("x-goog-upload-offset", "0")) != len(data):
            raise Problem("bad_request", f"The upload goes on at byte {len(data)}.")
        data += await request.read()
        if "finalize" not in request.headers.get("x-goog-upload-command", ""):
            return web.json_response({}, headers={"x-goog-upload-status": "active"})
        del self._uploads[upload_id]
        name = str(wanted.get("name") or self._desk.new_id("files/in"))
        shown = str(wanted.get("displayName") or "")
        stored = self._desk.keep_file(name, bytes(data), shown, "batch")
        body = {"file": _describe_file(stored, request)}
        return web.json_response(body, headers={"x-goog-upload-status": "final"})

    async def list_files(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/files."""
        names, token = _page(request, list(self._desk.files))
        files = [_describe_file(self._desk.files[name], request) for name in names]
        return web.json_response({"files": files} | token)

    async def show_file(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/files/{name}."""
        found = self._file(request)
        return web.json_response(_describe_file(found, request))

    async def read_file(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/files/{name}:download."""
        return web.Response(body=self._file(request).data, content_type="application/octet-stream")

    async def delete_file(self, request: web.Request) -> web.StreamResponse:
        """DELETE /v1/files/{name}."""
        del self._desk.files[self._file(request).file_id]
        return web.json_response({})

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/models/{model}:batchGenerateContent, with inline requests or a file of them."""
        raw = await request.read()
        wanted = (await _json_of(request)).get("batch") or {}
        source = wanted.get("inputConfig") or {}
        limits = self._desk.service.script.batch
        model = request.match_info["model"]
        is_inline = "requests" in source
        if is_inline:
            if len(raw) > limits.inline_bytes_most:
                raise Problem("bad_request", "Request payload size exceeds the limit.")
            items = (source["requests"] or {}).get("requests") or []
            rows = [_row(item.get("metadata"), item.get("request"), model) for item in items]
        else:
            data = self._desk.find_file(str(source.get("fileName"))).data
            rows = [_read_row(line, model) for line in data.split(b"\n") if line.strip()]
        if not 0 < len(rows) <= limits.rows_most:
            raise Problem("bad_request", f"A batch has 1 to {limits.rows_most} rows.")
        about = {"model": model, "name": wanted.get("displayName", ""), "is_inline": is_inline}
        job = Job(self._desk.new_id("batches/"), GENERATE, rows, about)
        self._desk.start(job)
        return web.json_response(self._describe(job))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/batches/{id}."""
        return web.json_response(self._describe(self._job(request)))

    async def list_jobs(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/batches, newest first."""
        names, token = _page(request, list(self._desk.jobs))
        jobs = [self._describe(self._desk.jobs[name]) for name in names]
        return web.json_response({"operations": jobs} | token)

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/batches/{id}:cancel."""
        self._job(request).wants_cancel.set()
        return web.json_response({})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE /v1/batches/{id}: forget the job, and cancel it if it is still running."""
        job = self._job(request)
        job.wants_cancel.set()
        del self._desk.jobs[job.job_id]
        return web.json_response({})

    def _file(self, request: web.Request) -> StoredFile:
        return self._desk.find_file(f"files/{request.match_info['file']}")

    def _job(self, request: web.Request) -> Job:
        return self._desk.find_job(f"batches/{request.match_info['job']}")

    def _describe(self, job: Job) -> dict[str, Any]:
        """Return a batch as an operation, with its results or the file that contains them."""
        good = sum(result.status == 200 for result in job.results)
        about: dict[str, Any] = {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "name": job.job_id,
            "model": f"models/{job.about['model']}",
            "displayName": job.about["name"],
            "state": _STATES[job.state],
            "createTime": _time(job.stamps["waiting"]),
            "updateTime": _time(max(job.stamps.values())),
            "batchStats": {
                "requestCount": str(len(job.rows)),
                "successfulRequestCount": str(good),
                "failedRequestCount": str(len(job.results) - good),
                "pendingRequestCount": str(len(job.rows) - len(job.results)),
            },
        }
        operation: dict[str, Any] = {"name": job.job_id, "metadata": about, "done": job.is_over}
        if job.is_over:
            about["endTime"] = about["updateTime"]
        if job.state == "failed":
            operation["error"] = {"code": _INTERNAL, "message": "The batch failed."}
        if job.state == "done":
            about["output"] = self._results(job)
            operation["response"] = {"output": about["output"]}
        return operation

    def _results(self, job: Job) -> dict[str, Any]:
        pairs = [(row, _result(result)) for row, result in zip(job.rows, job.results, strict=True)]
        if job.about["is_inline"] or self._desk.service.script.batch.inlines_results:
            answers = [
                result | ({"metadata": _metadata(row.key)} if row.key else {})
                for row, result in pairs
            ]
            return {"inlinedResponses": {"inlinedResponses": answers}}
        if "output" not in job.output_ids:
            lines = [
                json.dumps({"key": row.key} | result, ensure_ascii=False) + "\n"
                for row, result in pairs
            ]
            data = "".join(lines).encode("utf-8", "surrogatepass")
            stored = self._desk.keep_file(self._desk.new_id("files/batch-"), data, "", "output")
            job.output_ids["output"] = stored.file_id
        return {"responsesFile": job.output_ids["output"]}


def add_gemini_jobs(router: Any, prefix: str, jobs: GeminiJobs, guard: Any) -> None:
    """Register the paths; `guard(endpoint, handler)` handles keys and problems."""
    version = "{version:v1(?:beta|alpha)?}"
    base = f"{prefix}/{version}"
    upload = f"{prefix}/upload/{version}/files"
    router.add_post(upload, guard("files", jobs.begin_upload))
    router.add_post(f"{upload}/chunks", guard("files", jobs.upload, needs_key=False))
    router.add_get(f"{base}/files", guard("files", jobs.list_files))
    router.add_get(f"{base}/files/{{file}}:download", guard("files", jobs.read_file))
    router.add_get(f"{base}/files/{{file}}", guard("files", jobs.show_file))
    router.add_delete(f"{base}/files/{{file}}", guard("files", jobs.delete_file))
    router.add_post(f"{base}/models/{{model}}:batchGenerateContent", guard("batches", jobs.create))
    router.add_get(f"{base}/batches", guard("batches", jobs.list_jobs))
    router.add_get(f"{base}/batches/{{job}}", guard("batches", jobs.show))
    router.add_delete(f"{base}/batches/{{job}}", guard("batches", jobs.delete))
    router.add_post(f"{base}/batches/{{job}}:cancel", guard("batches", jobs.cancel))


async def _json_of(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Problem("bad_request", "The body is not a JSON object.")
    return body


def _read_row(line: bytes, model: str) -> Row:
    """Read one line of an input file.

    Raises:
        Problem: It is not a JSON object with a request.
    """
    try:
        row = json.loads(line)
    except ValueError:
        raise Problem("bad_request", "A line of the file is not JSON.") from None
    if not isinstance(row, dict):
        raise Problem("bad_request", "A line of the file is not an object.")
    return _row(row.get("key"), row.get("request"), model)


def _row(key: Any, request: Any, model: str) -> Row:
    if not isinstance(request, dict):
        raise Problem("bad_request", "A row of the batch has no request.")
    # The job's path names the model; single calls have no model in the body either.
    asked = {name: part for name, part in request.items() if name != "model"}
    body = json.dumps(asked, separators=(",", ":"), ensure_ascii=False)
    return Row(key, body.encode("utf-8", "surrogatepass"), model)


def _metadata(key: Any) -> Any:
    """Return the metadata of a row: those of its inline request, or the key in its file."""
    return {"key": key} if isinstance(key, str) else key


def _result(result: Served) -> dict[str, Any]:
    if result.status == 200:
        return {"response": result.body}
    if result.status == 0:
        return {
            "error": {"code": _DEADLINE_EXCEEDED, "message": "The row was not answered in time."}
        }
    message = result.body["error"]["message"]
    # google.rpc.Code: 3 is INVALID_ARGUMENT, 13 INTERNAL.
    return {"error": {"code": 3 if result.status < 500 else _INTERNAL, "message": message}}


def _describe_file(stored: StoredFile, request: web.Request) -> dict[str, Any]:
    url = request.url.origin()
    digest = hashlib.sha256(stored.data).hexdigest()
    is_output = stored.purpose == "output"
    link = f"{url}/gemini/v1/{stored.file_id}"
    return {
        "name": stored.file_id,
        "displayName": stored.name,
        "mimeType": "application/jsonl",
        "sizeBytes": str(len(stored.data)),
        "createTime": _time(stored.created_s),
        "sha256Hash": base64.b64encode(digest.encode()).decode(),
        "uri": link,
        "state": "ACTIVE",
        "source": "GENERATED" if is_output else "UPLOADED",
    } | ({"downloadUri": f"{link}:download?alt=media"} if is_output else {})


def _page(request: web.Request, names: list[str]) -> tuple[list[str], dict[str, str]]:
    try:
        most = min(100, max(1, int(request.query.get("pageSize", "50"))))
    except ValueError:
        raise Problem("bad_request", "pageSize is not a number.") from None
    shown, more = page(names, request.query.get("pageToken"), most)
    return shown, {"nextPageToken": shown[-1]} if more else {}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
