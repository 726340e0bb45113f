"""Every column of every table, once: type, meaning, unit, range and allowed values.

Belongs here: the dictionary of columns. Does not belong here: which table has which column
(`tables.py`), how a table is checked (`validate.py`) or how a value is computed.
A quantity has one name in all tables; two different quantities never share one.
"""

from dataclasses import dataclass

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7, MIKELS_8, TAXONOMIES

STRINGS = pl.List(pl.String)
FLOATS = pl.List(pl.Float64)
INTEGERS = pl.List(pl.Int64)


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: snake_case; the same quantity has the same name in every table.
        dtype: the polars type in memory; Parquet and DuckDB types follow from it.
        meaning: one sentence, as shown in `TABLES.md`, Dagster and DuckDB.
        unit: the unit of the numbers, empty for text and pure numbers.
        minimum: smallest allowed number, None where there is no bound.
        maximum: largest allowed number, None where there is no bound.
        values: the closed vocabulary, empty where the text is free.
    """

    name: str
    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()


def _text(name: str, meaning: str, values: tuple[str, ...] = ()) -> Column:
    return Column(name, pl.String, meaning, values=values)


def _texts(name: str, meaning: str, values: tuple[str, ...] = ()) -> Column:
    return Column(name, STRINGS, meaning, values=values)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, pl.Boolean, meaning)


def _count(name: str, meaning: str, unit: str = "", minimum: float = 0) -> Column:
    return Column(name, pl.Int64, meaning, unit, minimum)


def _share(name: str, meaning: str) -> Column:
    return Column(name, pl.Float64, meaning, "share", 0.0, 1.0)


def _shares(name: str, meaning: str) -> Column:
    return Column(name, FLOATS, meaning, "share", 0.0, 1.0)


def _number(
    name: str,
    meaning: str,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
) -> Column:
    return Column(name, pl.Float64, meaning, unit, minimum, maximum)


SPLITS = ("train", "validation", "test")
EMOTIONS = tuple(dict.fromkeys((*MIKELS_8, *EKMAN_7)))
INTENSITY_LEVELS = ("low", "medium", "high")
STYLES = (
    *("photograph", "painting", "drawing", "illustration", "cartoon", "anime", "pixel_art"),
    *("rendering", "collage", "abstract", "other"),
)
# EmoSet's six, and what else can be the case: absent and unknown are two different things.
FACIAL_EXPRESSIONS = (
    *("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "other"),
    *("absent", "unknown"),
)

_ALL = (
    # --- identity and place -------------------------------------------------------------
    _text("image_id", "SHA-256 of the picture file's bytes, lower-case hexadecimal"),
    _text("source", "Name of the source dataset: the module under eemo_pipeline/sources/"),
    _text("record_id", "Identifier of the record inside its source"),
    _text("path", "POSIX path relative to the source's folder, or to the data root for outputs"),
    _text("table_path", "Annotation file the row stands in, relative to the source's folder"),
    _count("row", "Row of the annotation file, the first data row being 1", "", 1),
    _text("cluster_id", "image_id of the smallest member of the near-duplicate cluster"),
    _text("split", "Part of the dataset; one cluster is never in two parts", SPLITS),
    _text("source_split", "Part of the dataset as its owner assigned it"),
    _texts("sources", "Every source that contributed, sorted"),
    # --- outcome ------------------------------------------------------------------------
    _text("status", "What became of the row: ok, or the kind of failure named in the reason"),
    _text("reason", "Code of the reason for a refusal, an abstention or a state"),
    _text("detail", "The reason in words, with the offending value; hostile text is kept inert"),
    _text("unit", "What is counted: picture files or rows of annotation files", ("file", "row")),
    _count("found", "How many there were"),
    _count("kept", "How many went on"),
    _count("refused", "How many were refused, each with a row in ingest__rejects"),
    # --- sources ------------------------------------------------------------------------
    _text("title", "Full name of the dataset"),
    _text("licence", "Licence or terms of use, in the owner's words or as an SPDX identifier"),
    _flag("is_redistributable", "Whether its terms allow the pictures or labels to be passed on"),
    _text(
        "role",
        "training; evaluation: no picture of it, nor a near-duplicate, ever trains; lexicon: words",
        ("training", "evaluation", "lexicon"),
    ),
    _text("homepage", "Where the owner describes the dataset"),
    _text("citation", "The publication to cite"),
    _text("label_space", "The vocabulary of the native labels"),
    _text(
        "semantics",
        "evoked: what the viewer feels; apparent: what a depicted person seems to feel; "
        "none: the source carries no emotion",
        ("evoked", "apparent", "none"),
    ),
    _texts("embeds", "Other sources or collections whose pictures it holds"),
    _text("obtain", "How to get the dataset"),
    _text("place", "Where to put it, relative to the data root"),
    _count("expected_files", "Picture files that a complete copy holds"),
    _count("expected_records", "Records of a complete copy by its owner's count"),
    _count("found_files", "Picture files found on disk"),
    _text(
        "state",
        "How far the dataset, or the record, has come",
        ("absent", "partial", "complete", "present", "preserved", "human", "dropped"),
    ),
    _text("missing", "What exactly is missing: files, pictures that tables name, and how many"),
    # --- records and annotations --------------------------------------------------------
    _text("native_label", "The one label its source gives the record, spelled as found"),
    _text(
        "resolved_by",
        "How the picture named in the annotation file was found on disk",
        ("listing", "exact", "stripped", "extension", "case", "nested", "folded", "content"),
    ),
    _text("attributes", "Further native fields as a JSON object"),
    _count("annotation_count", "Annotations of the record"),
    _count("annotation_no", "Position of the annotation within its record, from 0"),
    _text("annotator_id", "Who annotated: a salted hash of the worker, or the kind of aggregate"),
    _count("rater_count", "People behind the value"),
    _texts("native_labels", "Labels chosen, spelled as found"),
    Column("native_weights", FLOATS, "Weight of each native label: votes or probability", "", 0.0),
    _number("native_valence", "Valence on the native scale"),
    _number("native_arousal", "Arousal on the native scale"),
    _number("native_dominance", "Dominance on the native scale"),
    _number("native_valence_sd", "Standard deviation of valence over raters, native scale", "", 0),
    _number("native_arousal_sd", "Standard deviation of arousal over raters, native scale", "", 0),
    _number("scale_min", "Lower end of the native rating scale"),
    _number("scale_max", "Upper end of the native rating scale"),
    _text("comment", "What the annotator wrote; hostile text, never executed"),
    Column("person_box_px", FLOATS, "Box of the depicted person: x1, y1, x2, y2", "px"),
    # --- lexicons -----------------------------------------------------------------------
    _text("word", "Word or phrase of a lexicon, spelled as found; a word may well be null or true"),
    # --- pictures -----------------------------------------------------------------------
    _count("occurrence_count", "Records with exactly these bytes", minimum=1),
    _count("size_bytes", "Size of the file", "B", 1),
    _text("format", "File format by content, or name of the published format"),
    _text("colour_mode", "Pixel mode in the file, in Pillow's names"),
    _count("width_px", "Width after the EXIF orientation is applied", "px", 1),
    _count("height_px", "Height after the EXIF orientation is applied", "px", 1),
    _count("frame_count", "Frames in the file; the first one is used", minimum=1),
    Column("orientation", pl.Int64, "EXIF orientation found in the file, 1 where none", "", 1, 8),
    _flag("has_alpha", "Whether transparency was composited on white"),
    _flag("has_profile", "Whether an ICC profile other than sRGB was converted"),
    _share("brightness", "Mean of the HSV value over pixels"),
    _share("saturation", "Mean of the HSV saturation over pixels"),
    _share("contrast", "Root-mean-square contrast: standard deviation of luma (Peli 1990)"),
    _number("colourfulness", "Colourfulness M3 of Hasler and Suesstrunk 2003, 8-bit RGB", "", 0),
    _share("edge_density", "Share of pixels on a Canny edge, at the scale that phash_method names"),
    _texts("dominant_colours", "Up to five dominant colours as #rrggbb, most frequent first"),
    _shares("dominant_shares", "Share of pixels of each dominant colour"),
    _flag("is_blank", "Whether the picture has no structure to hash (contrast below 0.02)"),
    _text("phash", "64-bit perceptual hash (DCT), 16 hexadecimal digits"),
    _text("phash_method", "Decoder, scaling, hash and versions behind phash; never mix two"),
    # --- dedup --------------------------------------------------------------------------
    _flag("is_kept", "Whether the picture goes on; one per cluster does"),
    _text("kept_image_id", "The picture of the cluster that goes on"),
    Column(
        "distance_bits",
        pl.Int64,
        "Hamming distance of the hashes to the kept picture",
        "bit",
        0,
        64,
    ),
    _flag("is_evaluation", "Whether a picture of the cluster comes from an evaluation dataset"),
    # --- emotion ------------------------------------------------------------------------
    _text("taxonomy", "Label set", tuple(TAXONOMIES)),
    _text("emotion", "Emotion evoked in the viewer", EMOTIONS),
    _share("mass", "Share of the raters' mass on the emotion"),
    _share("lost_mass", "Share of the native mass with no counterpart in the taxonomy"),
    _share(
        "ambiguous_mass",
        "The part of lost_mass whose labels have several counterparts in the taxonomy",
    ),
    _count("choice_count", "Annotations that name the emotion by one of their labels"),
    _number(
        "order_score",
        "Sum over annotations of one over the place of their first label of the emotion",
        "",
        0,
    ),
    _text("rule", "The rule that made the value from the native one, or that is broken"),
    _text("origin", "Where the value comes from: rated or lexicon, and the source"),
    _share("valence", "Pleasantness: 0 unpleasant, 1 pleasant"),
    _share("arousal", "Activation: 0 calm, 1 excited"),
    _share("dominance", "Control: 0 helpless, 1 in control"),
    *(
        _number(
            f"{name}_sd",
            f"Standard deviation of {name} over raters, or over the words of a lexicon, 0-1 scale",
            "",
            0,
        )
        for name in ("valence", "arousal", "dominance")
    ),
    _text("lexicon", "Lexicon whose ratings of words were averaged: a source of words"),
    _count("lexicon_word_count", "Words of the lexicon behind the value, repeated ones included"),
    _flag(
        "is_best",
        "Whether the row speaks for its picture, one row does: rated before lexicon, evoked before "
        "apparent, more raters or words before fewer",
    ),
    _texts("ranking", "Emotions from strongest to weakest", EMOTIONS),
    _text("dominant_emotion", "The strongest emotion, null on a tie", EMOTIONS),
    _share("margin", "Mass of the first emotion minus that of the second"),
    _text(
        "decided_by",
        "What told the ranked emotions apart: shares of a distribution; or, between annotators who "
        "choose several labels, the last needed of frequency, weight (1/m) and order",
        ("distribution", "frequency", "weight", "order"),
    ),
    _texts("tied_emotions", "Emotions that nothing told apart, in alphabetical order", EMOTIONS),
    _count("image_count", "Pictures behind the value"),
    _share("published_valence", "Valence of the published anchor (EEmoDB, Table 6)"),
    _share("published_arousal", "Arousal of the published anchor (EEmoDB, Table 6)"),
    _share("published_dominance", "Dominance of the published anchor (EEmoDB, Table 6)"),
    # --- mapping, lexicon and regression ----------------------------------------------------
    _text("label", "Native label in its canonical spelling"),
    _text(
        "fate",
        "What the mapping makes of a label: mapped to one emotion, dropped for it has no "
        "counterpart, ambiguous for it has several, or unknown to it",
        ("mapped", "dropped", "ambiguous", "unknown"),
    ),
    _number("label_mass", "Annotations that the label is worth, each sharing 1 among its labels"),
    _share("label_share", "Share of the source's mass in the taxonomy that is on the label"),
    _count("label_count", "Annotations that chose the label"),
    _text("basis", "Where the mapping of the label is published, or that it is a reading"),
    _text("note", "Why the label maps so"),
    _text(
        "kind",
        "What of an annotation is counted: its labels in a taxonomy, its ratings or its comment",
        (*TAXONOMIES, "ratings", "comments"),
    ),
    _text("anchor_emotion", "Ekman emotion of the nearest published anchor (EEmoDB, Table 6)"),
    _number("anchor_distance", "Euclidean distance to that anchor in V-A-D", "", 0),
    _text("published_emotion", "Ekman emotion of the label in EEmoDB, Table 6", EKMAN_7),
    _number("fit_sd", "Largest standard deviation of a coordinate over the fits", "", 0),
    _number(
        "held_out_error",
        "Root mean square error on held-out annotations, mean of the three dimensions",
        "",
        0,
    ),
    _number("baseline_error", "The same error where every annotation is predicted the mean", "", 0),
    _text(
        "negation",
        "What became of a word after a negator",
        ("counted", "left_out", "mirrored"),
    ),
    _flag("has_phrases", "Whether entries of several words were looked up as one"),
    _flag("is_used", "Whether labels__vad is made so"),
    _number("pearson", "Pearson's correlation, null where either side does not vary", "", -1, 1),
    _number("spearman", "Spearman's rank correlation, null as Pearson's", "", -1, 1),
    _share("mean_absolute_error", "Mean absolute difference on the 0-1 scale"),
    _count("sheet_no", "Place on the validation sheet, which tells nothing of the score", "", 1),
    _text(
        "tertile",
        "Third of the scores that the value lies in, equal values in one third",
        INTENSITY_LEVELS,
    ),
    _share("lexicon_value", "Score made from the lexicon"),
    # --- model roles --------------------------------------------------------------------
    _text("annotator", "Name of the annotating part"),
    _text("verifier", "Name of the trusted verifier"),
    _text("detector", "Name of the part that proposed the box"),
    _text("segmenter", "Name of the part that cut the mask"),
    _text("critic", "Name of the critic"),
    _text("writer", "Name of the part that wrote the text"),
    _text("model", "Model and version, as the part names itself"),
    _text("method", "The published method behind the part"),
    _text("prompt_hash", "SHA-256 of the instruction that was answered, first 16 digits"),
    Column("round", pl.Int64, "1 for the first answer, then one more per revision", "", 1, 3),
    _text("description", "One sentence on what is visible and its feeling"),
    _text("background", "Background of the background-attribute-subject triplet"),
    _text("attribute", "Affective attribute of the subject"),
    _text("subject", "What carries the emotion in the picture"),
    _texts("alternatives", "Other emotions, most likely first", MIKELS_8),
    _shares("alternative_probabilities", "Probability of each alternative"),
    Column("clarity", pl.Int64, "How clear the emotion is: 1 vague, 10 unmistakable", "", 1, 10),
    _number("confidence", "Clarity agreed by the sources, EmoVerse's confidence", "", 1, 10),
    Column("intensity", pl.Int64, "How strong the emotion is: 1 faint, 10 overwhelming", "", 1, 10),
    _text("intensity_level", "low 1-4, medium 5-7, high 8-10", INTENSITY_LEVELS),
    _texts("evidence", "Visible cues, at most three"),
    _text("style", "What kind of picture it is", STYLES),
    _text("scene", "Setting and kind of place: indoor/kitchen, outdoor/beach, or none"),
    _texts("objects", "Things and beings that are visible, the most important first"),
    _text(
        "facial_expression",
        "Of the most prominent person; absent where no face is shown, unknown where unreadable",
        FACIAL_EXPRESSIONS,
    ),
    _text(
        "human_action",
        "What the most prominent person does; absent without a person, unknown where unseen",
    ),
    _share("probability", "Probability of the verifier's emotion"),
    _shares("distribution", "Probability of the eight Mikels emotions, in alphabetical order"),
    _count(
        "fold",
        "Cross-fitting fold of the near-duplicate cluster; 0 where all labels are used",
    ),
    Column("features", FLOATS, "Pixel features, in the order that the method documents"),
    _count("training_count", "Labelled pictures the verifier was fitted on here"),
    _text(
        "pattern",
        "How the annotators and the verifier agree",
        (
            "unanimous",
            "agreed_two",
            "pair_against_verifier",
            "all_differ",
            "pair_only",
            "split",
            "none",
            "any",
        ),
    ),
    _text("verifier_emotion", "The verifier's emotion, or any of them", (*MIKELS_8, "any")),
    _text("voice", "Who names an emotion: the verifier, the annotators' majority, or one by name"),
    _count("labelled_count", "Pictures of the source with people's labels behind the row"),
    _count("right_count", "Pictures on which the voice named the emotion that people named"),
    _share("lower_bound", "Lower end of the 95 % interval of the share (Wilson)"),
    _flag("is_chosen", "Whether the voice decides the emotion in this cell"),
    _flag("is_accepted", "Whether it decides without a critic's or a person's word"),
    _number("weight", "The verifier's weight, where an annotator's is 1", "", 1, 2),
    _flag("is_contested", "Whether the emotion needs a critic's or a person's word"),
    _flag("is_clarity_contested", "Whether those who named the emotion differ by more than 2"),
    # --- grounding ----------------------------------------------------------------------
    _count("region_no", "Region within the picture, most salient first; 0 where none was found"),
    _number("x1_px", "Left edge of the box", "px", 0),
    _number("y1_px", "Upper edge of the box", "px", 0),
    _number("x2_px", "Right edge of the box", "px", 0),
    _number("y2_px", "Lower edge of the box", "px", 0),
    _share("score", "How sure the detector is of the box"),
    _share("mask_score", "Mean saliency under the mask, relative to the picture's maximum"),
    _share("mask_share", "Area of the mask over area of the picture"),
    Column("mask_size_px", INTEGERS, "Height and width of the mask's own raster", "px", 1),
    Column(
        "mask_counts", INTEGERS, "COCO run lengths, column by column, background first", "px", 0
    ),
    # --- critic -------------------------------------------------------------------------
    _text(
        "field",
        "Field of the record that was judged",
        ("emotion", "description", "background", "attribute", "subject", "intensity", "box"),
    ),
    _text(
        "verdict",
        "Judgement of the field; unjudged where the critic could not be asked",
        ("valid", "revisable", "discarded", "unjudged"),
    ),
    _texts("codes", "Error codes that were found"),
    _text("instruction", "What the annotators are asked to change; never the new value"),
    _text("finding", "What was measured or read that led to the verdict"),
    # --- ablation -----------------------------------------------------------------------
    _text("experiment", "What the arm ran on: the lake, or made-up records with their correlation"),
    _text(
        "part",
        "Field that is scored, or the triplet of background, attribute and subject together",
        (
            *("emotion", "description", "background", "attribute", "subject", "intensity", "box"),
            "triplet",
        ),
    ),
    _text("arm", "The pipeline with a part left out, or corrupted for the corruption suite"),
    _text(
        "severity",
        "How hard a corruption is to notice; all but the controls together where no one is meant",
        ("all", "easy", "medium", "hard", "cross_field", "control"),
    ),
    _text(
        "metric",
        "What the share is of",
        (
            *("accuracy", "coverage", "preserve", "recall", "false_repair", "repair_success"),
            "false_alarm",
        ),
    ),
    _share("value", "The share"),
    _share("upper_bound", "Upper end of the 95 % interval of the share (Wilson)"),
    _number("difference", "Accuracy minus that of the full pipeline", "share", -1, 1),
    _number(
        "difference_lower", "Lower end of its 95 % interval (paired bootstrap)", "share", -1, 1
    ),
    _number(
        "difference_upper", "Upper end of its 95 % interval (paired bootstrap)", "share", -1, 1
    ),
    _share("p_value", "P of McNemar's test against the full pipeline"),
    _share("p_adjusted", "The same, adjusted for the number of arms (Holm)"),
    _share("published", "The number of EmoVerse's Table 3, where there is one"),
    _text("corruption", "What was done to the value"),
    _text("before", "The value before it was spoilt"),
    _text("after", "The spoilt value"),
    _flag("is_flagged", "Whether the critic found fault with it"),
    # --- records and texts --------------------------------------------------------------
    _count("region_count", "Boxes of the picture"),
    _count("round_count", "Rounds of annotation", minimum=1),
    _text("text", "The written text"),
    _count("word_count", "Words in the text"),
    _text(
        "evoked_by",
        "What the emotions come from: the visual effect itself, associations, or both",
        ("direct", "indirect", "both"),
    ),
    _text("first_image_id", "The picture that the text calls the first"),
    _text("second_image_id", "The picture that the text calls the second"),
    _text("aspect", "What is compared", ("overall", "valence", "arousal", "dominance")),
    _text("element", "Visible or named thing that the reasoning ties to the emotion"),
    _texts("distractors", "Elements that the reasoning does not speak of"),
    # --- questions ----------------------------------------------------------------------
    _text("item_id", "Hash of template, pictures and question, 64 bits in hexadecimal digits"),
    _text("dataset", "Published dataset whose items the file holds", ("qa", "assess")),
    _text("template", "Template that made the item: the module under eemo_pipeline/qa/templates/"),
    _text(
        "category", "Task of the item", ("perception", "pair_perception", "ranking", "description")
    ),
    _text("question_type", "Form of the answer", ("yes_no", "what_how", "open")),
    _texts("image_ids", "The pictures of the item, in the order of the question"),
    _text("question", "The question"),
    _texts("options", "Options in the order shown; empty for open questions"),
    _text("answer", "The right answer in words"),
    _text("answer_letter", "Letter of the right option"),
    _text("facts", "The label facts that prove the answer, as a JSON object"),
    _text(
        "claim",
        "What the answer claims of the labels; each claim is held against them by a check",
        (
            *("level_is", "level", "both_at_level", "higher", "difference"),
            *("in_top3", "is_dominant", "outweighs", "dominant", "present", "absent", "stronger"),
            *("both_in_top3", "both_dominant", "both_outweigh", "common", "absent_from_both"),
            *("which_dominant", "which_top3", "caused_by", "cause", "ranking", "written"),
        ),
    ),
    _count("item_count", "Items made"),
    _count("candidate_count", "Questions that could be asked"),
    _count("most_uses", "Items of the template that show the most used picture"),
    _texts("templates", "Question templates, sorted"),
    _text("task", "Task of the Assess item", ("ranking", "vad", "dominant_emotion")),
    _text("dimension", "Dimension that is scored", ("valence", "arousal", "dominance")),
    _text("balanced_over", "Label set or dimension whose classes or score bins are balanced"),
    _text("stratum", "Class of the label set, or bin of the 0-1 score"),
    _count("available_count", "Items there could be"),
    _count("selected_count", "Items that were selected"),
    _texts("candidates", "Values that the answer may name"),
    _share("target", "The score to predict"),
    _flag("is_selected", "Whether the picture became an item of the task"),
    # --- costs --------------------------------------------------------------------------
    _text("stage", "Stage that asked"),
    _text("model_role", "What the model was asked to be, such as annotator or critic"),
    _text("provider", "Whom the money went to; embedded where a model is computed here"),
    _count("call_count", "Calls sent to the provider; of an embedded model the stored answers"),
    _count("answered_count", "Calls that brought an answer"),
    _count("declined_count", "Calls that the model or the provider declined to answer"),
    _count("malformed_count", "Calls whose reply could not be used"),
    _count("limited_count", "Calls that met a rate limit"),
    _count("failed_count", "Calls that failed in any other way, or were given up"),
    _count("retry_count", "Calls beyond the first about the same question"),
    _count("found_count", "Questions that the ledger answered in the latest pass, unpaid"),
    _count("input_tokens", "Billed tokens of requests, pictures included"),
    _count("output_tokens", "Billed tokens of replies, reasoning included"),
    _count("cached_tokens", "The part of input_tokens that the provider had cached"),
    _count(
        "unpriced_count",
        "Calls that ended without a reply that names a cost: timed out, cut off or failed at the "
        "provider; they count as 0 in usd, and in a budget with all that they might have cost",
    ),
    _number("usd", "Cost as far as it is known", "USD", 0),
    _text("batch_id", "SHA-256 of the batch's file, first 32 digits, and how often it was sent"),
    _text(
        "batch_state",
        "How far the batch has come; lost is one that its provider does not know",
        ("intended", "open", "completed", "failed", "expired", "cancelled", "lost"),
    ),
    _flag("is_collected", "Whether every row of the batch has its ending"),
    _count("expired_count", "Rows that the batch's time was too short for"),
    _count("waiting_count", "Rows without an ending yet"),
    _count("stray_count", "Lines of the results that are of no row of the batch, and not used"),
    # --- exports, training --------------------------------------------------------------
    _count("row_count", "Rows in the file"),
    _text("sha256", "SHA-256 of the file"),
    _text("run_id", "SHA-256 of the job and its inputs, first 16 digits"),
    _text("job", "Training job: the module under eemo_pipeline/training/jobs/"),
    Column("seed", pl.Int64, "Seed of every random choice", "", 0),
    _count("train_count", "Items the model was fitted on"),
    _count("test_count", "Held-out items it was scored on"),
    _share("accuracy", "Share of held-out items answered right"),
    _share("macro_f1", "Unweighted mean of the F1 of each emotion on the held-out items"),
    _share("baseline_accuracy", "Accuracy of always answering the most frequent training emotion"),
)

COLUMNS: dict[str, Column] = {column.name: column for column in _ALL}
