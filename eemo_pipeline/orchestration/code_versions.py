"""Code versions of the assets: hashes of the prompts that they send and of their methods.

Dagster shows a table as out of date when its code version is no longer the one it was made with.
The version changes with everything that makes answers new: a prompt, a published method, the name
of a model. It does not change with the choice of a provider, which belongs to a run.
"""

from collections.abc import Callable

from eemo_pipeline.aggregation import critic_choices, word_agreement
from eemo_pipeline.imaging.features import FEATURE_METHOD
from eemo_pipeline.imaging.opening import measure_method
from eemo_pipeline.stages.annotation import ou_solli_lenz, valdez_mehrabian, vlm_annotator
from eemo_pipeline.stages.critic import model_critic, regrounding, rule_critic
from eemo_pipeline.stages.evaluation import prompt_files
from eemo_pipeline.stages.evaluation.studies import trials
from eemo_pipeline.stages.expansion import generation_prompts
from eemo_pipeline.stages.grounding import saliency_grabcut
from eemo_pipeline.stages.texts import (
    candidates,
    comparisons,
    descriptions,
    details,
    evocations,
    model_writer,
    reasonings,
)
from eemo_pipeline.stages.training import classifier_inputs, recipe_runs
from eemo_pipeline.stages.verification import linear_probe, vlm_verifier
from eemo_pipeline.stats import cluster_bootstrap
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.vlm.prompts import read_prompt
from resources.child_models import (
    classifier_verifier,
    dino_sam_grounder,
    emovit_verifier,
    groundingdino_native_grounder,
)
from resources.roles import replay_grounder

# A prompt: the module that sends it, and its name.
_ANNOTATE = (vlm_annotator.__name__, vlm_annotator.ANNOTATE)
_REVISE = (vlm_annotator.__name__, vlm_annotator.REVISE)
_VERIFY = (vlm_verifier.__name__, vlm_verifier.PROMPT)
_GENERATE = (generation_prompts.__name__, generation_prompts.PROMPT)
_CRITICISE = tuple((model_critic.__name__, name) for name in model_critic.PROMPTS)

# A table of texts -> the tasks of the writer that make it.
_WRITING = {
    **{f"texts__{task}": (task,) for task in model_writer.TASKS if task.endswith("s")},
    "texts__comparisons": tuple(task for task in model_writer.TASKS if task.startswith("compare_")),
}

# Batches take the first tries of the texts.
_IN_BATCHES = tuple(
    (model_writer.__name__, task.prompt)
    for name, task in model_writer.TASKS.items()
    if name != "candidates"
)

_EVALUATION_TABLES = tuple(
    f"evaluation__{name}" for name in ("predictions", "scores", "comparisons")
)

_STUDY_TABLES = (
    *("_evaluation__attribute_ablations", "_evaluation__data_mixings"),
    *("_evaluation__source_transfers", "_evaluation__visual_baselines", "evaluation__studies"),
)

_CRITIC_TABLES = (
    *("critic__verdicts", "critic__steps", "critic__choices", "critic__weights", "critic__queue"),
    *("critic__word_choices", "_critic__replies", "_critic__regions"),
)
_PROMPTS: dict[str, tuple[tuple[str, str], ...]] = {
    "expansion__prompts": (_GENERATE,),
    "annotation__replies": (_ANNOTATE,),
    "batches__submissions": (_ANNOTATE, *_IN_BATCHES),
    "verification__replies": (_VERIFY,),
    **{
        table: tuple((model_writer.__name__, name) for name in model_writer.prompts_of(*tasks))
        for table, tasks in _WRITING.items()
    },
    **dict.fromkeys(
        _EVALUATION_TABLES,
        tuple((prompt_files.__name__, name) for name in prompt_files.PROMPTS),
    ),
    # The critic judges, and asks the annotators to revise.
    **dict.fromkeys(_CRITIC_TABLES, (_ANNOTATE, _REVISE, *_CRITICISE)),
}

_EMBEDDED_ANNOTATORS = (
    valdez_mehrabian.MODEL,
    valdez_mehrabian.METHOD,
    ou_solli_lenz.MODEL,
    ou_solli_lenz.METHOD,
)
_METHODS: dict[str, tuple[str, ...]] = {
    "_ingest__measurements": (measure_method(),),
    "annotation__replies": _EMBEDDED_ANNOTATORS,
    "_verification__features": (FEATURE_METHOD,),
    "verification__replies": (
        linear_probe.METHOD,
        classifier_verifier.METHOD,
        emovit_verifier.METHOD,
        emovit_verifier.INSTRUCTION,
    ),
    "grounding__regions": (
        saliency_grabcut.MODEL,
        saliency_grabcut.METHOD,
        dino_sam_grounder.METHOD,
        groundingdino_native_grounder.METHOD,
        replay_grounder.METHOD,
    ),
    "verification__words": (word_agreement.METHOD,),
    **dict.fromkeys(
        _CRITIC_TABLES,
        (
            *_EMBEDDED_ANNOTATORS,
            rule_critic.RuleCritic.method,
            critic_choices.METHOD,
            regrounding.METHOD,
        ),
    ),
    **dict.fromkeys(_STUDY_TABLES, (trials.METHOD,)),
    "evaluation__comparisons": (cluster_bootstrap.P_METHOD,),
    "texts__descriptions": (descriptions.METHOD,),
    "texts__reasonings": (reasonings.METHOD,),
    "texts__details": (details.METHOD,),
    "texts__evocations": (evocations.METHOD,),
    "texts__comparisons": (comparisons.METHOD,),
    "texts__candidates": (candidates.METHOD,),
    # The tables of the stage are made in one step.
    **dict.fromkeys(
        ("training__runs", "training__refusals", "training__embeddings"),
        (classifier_inputs.METHOD, *recipe_runs.METHODS.values()),
    ),
}


def build_code_versions(read: Callable[[str, str], str] = read_prompt) -> dict[str, str]:
    """Return asset -> code version, for the assets that send prompts or follow a named method.

    Args:
        read: returns the text of a prompt, given the module that sends it and the prompt's name.
    """
    return {
        asset: short_hash(
            *_METHODS.get(asset, ()), *(read(*prompt) for prompt in _PROMPTS.get(asset, ()))
        )
        for asset in sorted({*_PROMPTS, *_METHODS})
    }
