"""Partitions that several stages share."""

import dagster as dg

from eemo_pipeline.stages.sources import known_sources

# One partition per source dataset: one source is read again without the others.
BY_SOURCE = dg.StaticPartitionsDefinition(list(known_sources()))
