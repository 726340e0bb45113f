"""Croissant metadata of a release, with the fields of its RAI extension.

Croissant 1.0: https://docs.mlcommons.org/croissant/docs/croissant-spec.html; RAI 1.0:
https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html. Hugging Face generates Croissant
without the RAI fields.
"""

from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.stages.release.declaration import LICENCES
from eemo_pipeline.stages.release.facts import Facts
from eemo_pipeline.stages.release.manifest import Described, Manifest, ReleasedFile

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe_dataset(
    manifest: Manifest, facts: Facts, types: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return the JSON-LD object: files with hashes, a record set per file, and RAI statements.

    Args:
        manifest: the manifest; of its files, those that hold rows.
        facts: the numbers.
        types: configuration -> column -> polars type.
    """
    declared = manifest.declaration
    stated = {
        "citeAs": declared.citation,
        "url": declared.homepage,
        "datePublished": declared.date,
        "creator": {"@type": "Organization", "name": declared.creators}
        if declared.creators
        else "",
    }
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "-".join(declared.title.split()),
        "description": declared.summary or f"{declared.title}: emotions that images evoke.",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "license": LICENCES.get(declared.licence.casefold(), declared.licence),
        "version": f"{manifest.number}.0.0",
        "inLanguage": declared.language,
        **{name: value for name, value in stated.items() if value},
        **_state_responsibly(manifest, facts),
        "distribution": [
            _describe_file(file, manifest.configs[str(file.config)])
            for file in manifest.data_files()
        ],
        "recordSet": [
            _describe_records(file, manifest.configs[str(file.config)], types[str(file.config)])
            for file in manifest.data_files()
        ],
    }


def _state_responsibly(manifest: Manifest, facts: Facts) -> dict[str, Any]:
    """Return the RAI fields; a field that nobody stated says so."""
    declared = manifest.declaration
    models = sorted({f"{row['annotator']} ({row['model']})" for row in facts.annotators})
    records = sum(facts.rows.get("records", {}).values())
    titles = ", ".join(term.title for term in manifest.terms)
    return {
        "rai:dataCollection": f"Images and labels of {len(manifest.terms)} sources: {titles}.",
        "rai:dataCollectionType": ["Secondary Data Analysis", "Software Collection"],
        "rai:dataPreprocessingProtocol": [
            "Near-duplicates share a split; evaluation images of other benchmarks never train."
        ],
        "rai:dataAnnotationProtocol": "Models describe each image without file name, folder, "
        "source or label; a verifier and a critic judge the description; people judge images blind "
        "before they see a draft.",
        "rai:dataAnnotationPlatform": ["eemo review"],
        "rai:dataAnnotationAnalysis": [
            f"{row['measure']} of {row['judged_field']}: {row['estimate']:.3f}"
            for row in facts.agreement
            if row["estimate"] is not None
        ]
        or ["No agreement of people was measured for this release."],
        "rai:annotatorDemographics": [declared.annotators or "Not stated."],
        "rai:machineAnnotationTools": models or ["None."],
        "rai:dataBiases": [
            "Emotions of an image depend on who looks; the raters of the sources are the "
            "population that their owners describe.",
            "Words, boxes and intensities are of machine origin unless a person decided.",
        ],
        "rai:dataLimitations": [
            f"{facts.contested} of {records} records have a contested emotion.",
            f"{facts.decided_by_people} of {records} records have a field that a person decided.",
        ],
        "rai:personalSensitiveInformation": [
            "Images may show people. Judgements carry pseudonyms of those who gave them."
        ],
        "rai:dataUseCases": [
            declared.uses or "Training and evaluation of models of evoked emotion."
        ],
        "rai:dataSocialImpact": "Not for inferring what a depicted person feels, nor for decisions "
        "about people.",
        "rai:dataReleaseMaintenancePlan": declared.maintenance
        or "Releases are numbered and never changed; a correction is a new release.",
        "rai:hasSyntheticData": "Words, boxes and questions are written by models and by code.",
    }


def _describe_file(file: ReleasedFile, config: Described) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "description": f"One row per {config.grain}; part {file.split}",
        "contentUrl": file.path,
        "contentSize": f"{file.size_bytes} B",
        "encodingFormat": "application/x-parquet",
        "sha256": file.sha256,
    }


def _describe_records(
    file: ReleasedFile, config: Described, types: dict[str, Any]
) -> dict[str, Any]:
    name = f"{file.config}_{Path(file.path).stem}"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"One row per {config.grain}; {file.rows} rows",
        "key": [{"@id": f"{name}/{column}"} for column in config.key],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "description": meaning,
                **_describe_source(file.path, column, types.get(column)),
            }
            for column, meaning in config.columns.items()
        ],
    }


def _describe_source(path: str, column: str, dtype: Any) -> dict[str, Any]:
    """Return source and type of a field; a column without a type holds image files."""
    source = {"fileObject": {"@id": path}, "extract": {"column": column}}
    if dtype is None:
        image = {**source, "transform": {"jsonPath": "bytes"}}
        return {"source": image, "dataType": "sc:ImageObject"}
    return {"source": source, **_describe_type(dtype)}


def _describe_type(dtype: Any) -> dict[str, Any]:
    if isinstance(dtype, pl.List):
        return {**_describe_type(dtype.inner), "repeated": True}
    if dtype.is_integer():
        return {"dataType": "sc:Integer"}
    if dtype.is_float():
        return {"dataType": "sc:Float"}
    return {"dataType": "sc:Boolean" if dtype == pl.Boolean else "sc:Text"}
