"""Builds the models that an evaluation asks, by the names that a person gives.

How they are asked is in `eemo_pipeline/stages/evaluation/examinee.py`.
"""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import dagster as dg

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.evaluation.examinee import Examinee
from eemo_pipeline.stages.evaluation.judge import Judge
from eemo_pipeline.vlm.session import Session
from resources.child_models.bertscore import BertScore, open_bertscore
from resources.providers.local_models import LocalModels
from resources.providers.openai_vlm import OpenAiVlm
from resources.providers.registry import LOCAL, BadProviders, read_choices

JUDGE = "EEMO_JUDGE"
_LOCAL_MODEL = "local-a"


@dataclass(frozen=True)
class ExamineeBuilder:
    """Builds examinees; implements `Examinees`.

    Attributes:
        session: the state that all calls of the run share.
        local_models: the models of the local server.
        data_root: where the images are.
    """

    session: Session
    local_models: LocalModels
    data_root: DataRoot

    def build(self, text: str) -> Examinee:
        """Build the examinee that a text names: local or PROVIDER:MODEL.

        Raises:
            BadProviders: there is no such provider, or it needs a model.
        """
        if text == LOCAL:
            model = self.local_models.openai(_LOCAL_MODEL)
            return Examinee(model, self.session, self.data_root.sources)
        return _build(text, self.session, self.data_root)

    def build_judge(self) -> Judge | None:
        """Build the judge that EEMO_JUDGE names: local or PROVIDER:MODEL; None without it.

        Raises:
            BadProviders: there is no such provider, or it needs a model.
        """
        text = os.environ.get(JUDGE, "").strip()
        return Judge(self.build(text).vlm, self.session) if text else None

    def open_bertscore(self) -> AbstractContextManager[BertScore | None]:
        """Open the model that EEMO_BERTSCORE names; None where it names none.

        Raises:
            MissingModel: the folder holds no model.
            ChildProblem: the model cannot be described.
        """
        return open_bertscore()


def planned_judge(session: Session, data_root: DataRoot) -> Judge | None:
    """Return the judge that EEMO_JUDGE names, for a forecast; no server is started.

    Raises:
        BadProviders: there is no such provider, or it needs a model.
    """
    text = os.environ.get(JUDGE, "").strip()
    return Judge(planned_examinee(text, session, data_root).vlm, session) if text else None


def planned_examinee(text: str, session: Session, data_root: DataRoot) -> Examinee:
    """Return the examinee that a text names, for a forecast; no server is started.

    Raises:
        BadProviders: there is no such provider, or it needs a model.
    """
    if text == LOCAL:
        model = OpenAiVlm(_LOCAL_MODEL, "local_openai")
        return Examinee(model, session, data_root.sources)
    return _build(text, session, data_root)


def _build(text: str, session: Session, data_root: DataRoot) -> Examinee:
    choices = read_choices(text)
    if len(choices) != 1:
        raise BadProviders(f"{text!r} does not name one model; write PROVIDER:MODEL or {LOCAL}")
    return Examinee(choices[0].build(), session, data_root.sources)


class ExamineesResource(dg.ConfigurableResource):
    """Builds the models to evaluate; none is built before an evaluation asks for it."""

    session: dg.ResourceDependency[Session]
    local_models: dg.ResourceDependency[LocalModels]
    data_root: dg.ResourceDependency[DataRoot]

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Return the builder of this run."""
        return ExamineeBuilder(self.session, self.local_models, self.data_root)
