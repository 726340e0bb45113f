"""The local provider server as a resource: started on first use, stopped at the end of the run.

`resources/local_server/` is the server. Its models are called through the vendors' own SDKs over
HTTP, under names of their own: `local_openai` and `local_gemini`. Calls to them cost nothing, and
no data leaves the machine.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.vlm.contract import VisionLanguageModel
from resources.local_server import LocalServer, local_server
from resources.providers.gemini_vlm import GeminiVlm
from resources.providers.openai_vlm import OpenAiVlm

SCRIPT = "EEMO_LOCAL_SCRIPT"


class LocalModels:
    """Models of the local server; the server starts when the first one is requested."""

    def __init__(self, account: Path, script: str | None, stack: ExitStack) -> None:
        """Store the settings; nothing is started.

        Args:
            account: File for the server's own count of calls and costs.
            script: Fault script, a file or JSON.
            stack: Stops the server.
        """
        self._account = account
        self._script = script
        self._stack = stack
        self._server: LocalServer | None = None

    def server(self) -> LocalServer:
        """Return the running server."""
        return self._running()

    def openai(self, model: str) -> VisionLanguageModel:
        """Return a model that is called through OpenAI's SDK."""
        server = self._running()
        return OpenAiVlm(model, "local_openai", server.openai_url, server.key)

    def gemini(self, model: str) -> VisionLanguageModel:
        """Return a model that is called through Google's SDK."""
        server = self._running()
        return GeminiVlm(model, "local_gemini", server.gemini_url, server.key)

    def _running(self) -> LocalServer:
        if self._server is None:
            self._account.parent.mkdir(parents=True, exist_ok=True)
            self._server = self._stack.enter_context(
                local_server(self._script, account=self._account, keys=(secrets.token_hex(16),))
            )
        return self._server


class LocalModelsResource(dg.ConfigurableResource):
    """Starts the local provider server if one of its models is used."""

    data_root: dg.ResourceDependency[DataRoot]
    script: str | None = Field(
        default=None, description=f"Fault script, a file or JSON; else {SCRIPT}, else no faults."
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Any]:  # noqa: ARG002
        """Yield the models; their server stops at the end of the run."""
        script = self.script or os.environ.get(SCRIPT)
        with ExitStack() as stack:
            yield LocalModels(self.data_root.local_account, script, stack)
