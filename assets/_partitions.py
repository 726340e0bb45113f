"""Slices that several stages share. Orchestration alone: a slice is not an asset."""

import dagster as dg

from eemo_pipeline.stages.sources import known_sources

# One partition per source dataset: a source is re-read without touching the others.
BY_SOURCE = dg.StaticPartitionsDefinition(list(known_sources()))
