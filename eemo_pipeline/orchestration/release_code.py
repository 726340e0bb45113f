"""The versions and seeds that a release states of the code that made its rows."""

from importlib.metadata import version

from eemo_pipeline.orchestration.code_versions import build_code_versions
from eemo_pipeline.stages.release.manifest import Code, hash_parts


def describe_code() -> Code:
    """Return the version of this package, and those of its parts and assets, with the seeds."""
    # The seeds are those of the code location, which itself holds this function.
    from eemo_pipeline.orchestration.seeds import list_seeds

    return Code(
        package=version("eemo-pipeline"),
        parts=hash_parts(),
        assets=build_code_versions(),
        seeds=list_seeds(),
    )
