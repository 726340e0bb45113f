"""Every column of every table, once: type, meaning, unit, range and allowed values.

A quantity has one name in all tables; two different quantities never share one. The columns of each
table are listed in `tables.py`; tables are checked in `validate.py`.
"""

from dataclasses import dataclass

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7, MIKELS_8, TAXONOMIES

STRINGS = pl.List(pl.String)
FLOATS = pl.List(pl.Float64)
INTEGERS = pl.List(pl.Int64)
SINGLES = pl.List(pl.Float32)


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
# EmoSet's six, and the other cases: absent and unknown are different.
FACIAL_EXPRESSIONS = (
    *("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "other"),
    *("absent", "unknown"),
)

_ALL = (
    # --- identity and place -------------------------------------------------------------
    _text("image_id", "SHA-256 of the image file's bytes, lower-case hexadecimal"),
    _text("source", "Name of the source dataset: the module under eemo_pipeline/sources/"),
    _text("record_id", "Identifier of the record inside its source"),
    _text("path", "POSIX path relative to the source's folder, or to the data root for outputs"),
    _text("table_path", "Annotation file of the row, relative to the source's folder"),
    _count("row", "Row of the annotation file, counted from 1 at the first data row", "", 1),
    _count(
        "line",
        "Line of the file where the row begins, as an editor counts it: header, blank lines and "
        "line ends within quotes count; null where rows are not lines, as in a JSON list",
        "",
        1,
    ),
    _text("cluster_id", "image_id of the smallest member of the near-duplicate cluster"),
    _text("split", "Part of the dataset; one cluster is never in two parts", SPLITS),
    _text("source_split", "Part of the dataset as its owner assigned it"),
    _texts("sources", "Every source that contributed, sorted"),
    # --- outcome ------------------------------------------------------------------------
    _text("status", "Outcome of the row: ok, or the kind of failure; the reason gives its code"),
    _text("reason", "Code of the reason for a refusal, an abstention or a state"),
    _text("detail", "The reason in words, with the offending value; untrusted text is kept inert"),
    _text("unit", "Counted unit: image files or rows of annotation files", ("file", "row")),
    _count("found", "Number found"),
    _count("kept", "Number kept"),
    _count("refused", "Number refused, each with a row in ingest__rejects"),
    # --- sources ------------------------------------------------------------------------
    _text("title", "Full name of the dataset"),
    _text("licence", "Licence or terms of use, in the owner's words or as an SPDX identifier"),
    _flag("is_redistributable", "Whether its terms allow redistribution of the images or labels"),
    _text(
        "role",
        "training; evaluation: never used for training, nor are near-duplicates; lexicon: words",
        ("training", "evaluation", "lexicon"),
    ),
    _text("homepage", "The owner's page on the dataset"),
    _text("citation", "The publication to cite"),
    _text("label_space", "The vocabulary of the native labels"),
    _text(
        "semantics",
        "evoked: the viewer's emotion; apparent: the emotion that a depicted person seems to feel; "
        "none: the source has no emotion labels, or none by people",
        ("evoked", "apparent", "none"),
    ),
    _texts("embeds", "Other sources or collections whose images it contains"),
    _text("obtain", "How to get the dataset"),
    _text("place", "Where to put it, relative to the data root"),
    _count("expected_files", "Image files in a complete copy"),
    _count("expected_records", "Records of a complete copy by its owner's count"),
    _count("found_files", "Image files found on disk"),
    _text(
        "state",
        "State of the dataset on disk, or of the record",
        (
            *("absent", "partial", "complete", "present"),
            *("preserved", "plural", "human", "dropped"),
        ),
    ),
    _text("missing", "Missing files, and the number of missing images that tables name"),
    # --- records and annotations --------------------------------------------------------
    _text("native_label", "The single label of the record in its source, spelled as found"),
    _text(
        "resolved_by",
        "How the image named in the annotation file was found on disk",
        ("listing", "exact", "stripped", "extension", "case", "nested", "folded", "content"),
    ),
    _text("attributes", "Further native fields as a JSON object"),
    _count("annotation_count", "Annotations of the record"),
    _count("annotation_no", "Position of the annotation within its record, from 0"),
    _text("annotator_id", "The annotator: a salted hash of the worker, or the kind of aggregate"),
    _count("rater_count", "Number of people who rated"),
    _texts("native_labels", "Chosen labels, spelled as found"),
    Column("native_weights", FLOATS, "Weight of each native label: votes or probability", "", 0.0),
    _number("native_valence", "Valence on the native scale"),
    _number("native_arousal", "Arousal on the native scale"),
    _number("native_dominance", "Dominance on the native scale"),
    _number("native_valence_sd", "Standard deviation of valence over raters, native scale", "", 0),
    _number("native_arousal_sd", "Standard deviation of arousal over raters, native scale", "", 0),
    _number("scale_min", "Lower end of the native rating scale"),
    _number("scale_max", "Upper end of the native rating scale"),
    _text("comment", "The annotator's text; untrusted, never executed"),
    Column("person_box_px", FLOATS, "Box of the depicted person: x1, y1, x2, y2", "px"),
    # --- lexicons -----------------------------------------------------------------------
    _text("word", "Word or phrase of a lexicon, spelled as found; null and true may be words"),
    # --- images -------------------------------------------------------------------------
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
    _share("edge_density", "Share of pixels on a Canny edge, at the scale given in phash_method"),
    _texts("dominant_colours", "Up to five dominant colours as #rrggbb, most frequent first"),
    _shares("dominant_shares", "Share of pixels of each dominant colour"),
    _flag(
        "is_blank",
        "Whether the image has no structure to hash: contrast below 0.02, and below an eighth of "
        "the brightness where it is dark",
    ),
    _text("phash", "64-bit perceptual hash (DCT), 16 hexadecimal digits"),
    _texts(
        "turned_phashes",
        "The same hash of the seven other ways to mirror and quarter-turn the image",
    ),
    _text(
        "phash_method", "Decoder, scaling, hash and versions of phash; never compare two methods"
    ),
    # --- dedup --------------------------------------------------------------------------
    _flag("is_kept", "Whether the image is kept; one per cluster is"),
    _text("kept_image_id", "The kept image of the cluster"),
    Column(
        "distance_bits",
        pl.Int64,
        "Hamming distance of the hashes to the kept image",
        "bit",
        0,
        64,
    ),
    _flag("is_evaluation", "Whether an image of the cluster comes from an evaluation dataset"),
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
        "Sum over annotations of one over the position of their first label of the emotion",
        "",
        0,
    ),
    _text("rule", "The rule that derived the value from the native one, or the broken rule"),
    _text("origin", "Origin of the value: rated or lexicon, and the source"),
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
    _count("lexicon_word_count", "Words of the lexicon averaged, including repetitions"),
    _flag(
        "is_best",
        "Whether this is the preferred row of its image: rated over lexicon, evoked over "
        "apparent, more raters or words over fewer",
    ),
    _texts("ranking", "Emotions from strongest to weakest", EMOTIONS),
    _text("dominant_emotion", "The strongest emotion, null on a tie", EMOTIONS),
    _share("margin", "Mass of the first emotion minus that of the second"),
    _text(
        "decided_by",
        "Criterion that ordered the emotions: shares of a distribution; or, if annotators "
        "chose several labels, the last one needed of frequency, weight (1/m) and order",
        ("distribution", "frequency", "weight", "order"),
    ),
    _texts("tied_emotions", "Emotions tied by every criterion, in alphabetical order", EMOTIONS),
    _count("image_count", "Number of images counted"),
    _share("published_valence", "Valence of the published anchor (EEmoDB, Table 6)"),
    _share("published_arousal", "Arousal of the published anchor (EEmoDB, Table 6)"),
    _share("published_dominance", "Dominance of the published anchor (EEmoDB, Table 6)"),
    # --- mapping, lexicon and regression ----------------------------------------------------
    _text("label", "Native label in its canonical spelling"),
    _text(
        "fate",
        "Result of mapping the label: mapped to one emotion, dropped because it has no "
        "counterpart, ambiguous because it has several, or unknown to the mapping",
        ("mapped", "dropped", "ambiguous", "unknown"),
    ),
    _number("label_mass", "Mass of the label, each annotation dividing 1 among its labels"),
    _share("label_share", "The label's share of the source's mass in the taxonomy"),
    _count("label_count", "Annotations that chose the label"),
    _text("basis", "Publication of the label's mapping, or that it is our interpretation"),
    _text("note", "Reason for the label's mapping"),
    _text(
        "kind",
        "Counted part of an annotation: its labels in a taxonomy, its ratings or its comment",
        (*TAXONOMIES, "ratings", "comments"),
    ),
    _flag("is_anchor", "Whether EEmoDB's Table 6 names the label as the anchor of its emotion"),
    _text(
        "anchor_emotion",
        "Ekman emotion of the nearest anchor, where an anchor is the fitted point of its label",
        EKMAN_7,
    ),
    _number("anchor_distance", "Euclidean distance to that anchor in V-A-D", "", 0),
    _text("printed_emotion", "Ekman emotion of the nearest anchor that Table 6 prints", EKMAN_7),
    _number("printed_distance", "Euclidean distance to that printed anchor in V-A-D", "", 0),
    _number("anchor_shift", "Distance from an anchor's point to that printed in Table 6", "", 0),
    _flag("is_as_published", "Whether the cluster is the label's emotion in EEmoDB, Table 6"),
    _text("rating_rule", "How ratings came to 0-1: x/10, or stretched from their scale's ends"),
    _text("published_emotion", "Ekman emotion of the label in EEmoDB, Table 6", EKMAN_7),
    _number("fit_sd", "Largest standard deviation of a coordinate over the fits", "", 0),
    _number(
        "held_out_error",
        "Root mean square error on held-out annotations, mean of the three dimensions",
        "",
        0,
    ),
    _number("baseline_error", "The same error if the mean is always predicted", "", 0),
    _text(
        "negation",
        "Treatment of a word after a negator",
        ("counted", "left_out", "mirrored"),
    ),
    _flag("has_phrases", "Whether entries of several words were looked up as one"),
    _flag("is_used", "Whether labels__vad uses this variant"),
    _number("pearson", "Pearson's correlation, null where either side does not vary", "", -1, 1),
    _number("spearman", "Spearman's rank correlation, null where Pearson's is", "", -1, 1),
    _share("mean_absolute_error", "Mean absolute difference on the 0-1 scale"),
    _count("sheet_no", "Position on the validation sheet, independent of the score", "", 1),
    _text(
        "tertile",
        "Third of the scores that contains the value; equal values are in one third",
        INTENSITY_LEVELS,
    ),
    _share("lexicon_value", "Score computed from the lexicon"),
    _text("expert", "Pseudonym of the expert: the name of the filled sheet; or all experts"),
    _text("expert_level", "The level that the expert gave, blind", INTENSITY_LEVELS),
    _count("answer_count", "Answers that count"),
    _count("agreed_count", "Images whose answer is the tertile of the score"),
    _share("agreed_share", "Share of images whose answer is the tertile of the score"),
    _number("weighted_kappa", "Cohen's kappa, linear weights, of answers and tertiles", "", -1, 1),
    _number("alpha", "Krippendorff's ordinal alpha among the experts", "", None, 1),
    # --- model roles --------------------------------------------------------------------
    _text("annotator", "Name of the annotator"),
    _text("verifier", "Name of the trusted verifier"),
    _text("detector", "Name of the detector that proposed the box"),
    _text("segmenter", "Name of the segmenter that made the mask"),
    _text("critic", "Name of the critic"),
    _text("writer", "Name of the writer of the text"),
    _text("model", "Model and version, as reported by the component"),
    _text("method", "The published method of the component"),
    _text("prompt_hash", "SHA-256 of the answered instruction, first 16 digits"),
    Column("round", pl.Int64, "1 for the first answer, then one more per revision", "", 1, 3),
    _text("description", "One sentence on the visible content and its emotion"),
    _text("background", "Background of the background-attribute-subject triplet"),
    _text("attribute", "Affective attribute of the subject"),
    _text("subject", "The part of the image that conveys the emotion"),
    _texts("alternatives", "Other emotions, most likely first", MIKELS_8),
    _shares("alternative_probabilities", "Probability of each alternative"),
    Column("clarity", pl.Int64, "How clear the emotion is: 1 vague, 10 unmistakable", "", 1, 10),
    _number(
        "confidence",
        "Clarity agreed by all voters, EmoVerse's confidence; tenfold share of people who felt the "
        "emotion where people decided it",
        "",
        1,
        10,
    ),
    Column("intensity", pl.Int64, "How strong the emotion is: 1 faint, 10 overwhelming", "", 1, 10),
    _text("intensity_level", "low 1-4, medium 5-7, high 8-10", INTENSITY_LEVELS),
    _texts("evidence", "Visible cues that are named for it"),
    _text("style", "Kind of image", STYLES),
    _text("scene", "Setting and kind of place: indoor/kitchen, outdoor/beach, or none"),
    _texts("objects", "Visible things and living beings, the most important first"),
    _text(
        "facial_expression",
        "Of the most prominent person; absent where no face is shown, unknown where unreadable",
        FACIAL_EXPRESSIONS,
    ),
    _text(
        "human_action",
        "Action of the most prominent person; absent without a person, unknown where not visible",
    ),
    _share("probability", "Probability of the verifier's emotion"),
    _shares("distribution", "Probability of the eight Mikels emotions, in alphabetical order"),
    _count(
        "fold",
        "Cross-fitting fold of the near-duplicate cluster; 0 where all labels are used",
    ),
    Column("features", FLOATS, "Pixel features, in the order documented by the method"),
    _count("training_count", "Labelled images that the verifier was fitted on for this row"),
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
    _text("verifier_emotion", "The verifier's emotion, or any", (*MIKELS_8, "any")),
    _text("voice", "The voter: the verifier, the annotators' majority, or one annotator by name"),
    _count(
        "labelled_count", "Images of the source with human labels, in the folds that the row counts"
    ),
    _count("right_count", "Images for which the voter named the same emotion as people"),
    _share("lower_bound", "Lower end of the 95 % interval of the share (Wilson)"),
    _flag("is_chosen", "Whether this voter decides the emotion in this cell"),
    _flag("is_accepted", "Whether it decides without review by a critic or a person"),
    _number("weight", "The verifier's weight; an annotator's is 1", "", 1, 10),
    _flag("is_contested", "Whether the emotion needs review by a critic or a person"),
    _flag(
        "is_clarity_contested", "Whether the votes for the emotion differ by more than 2 in clarity"
    ),
    _text(
        "agreement",
        "Whether the annotators' texts agree; compatible if they say other things of the same "
        "thing and contradict each other on no scale; alone if only one gave a text",
        ("agreed", "compatible", "contested", "alone"),
    ),
    _text("other_annotator", "Annotator of the text beside the kept one; null where they agree"),
    _text("other_text", "The text beside the kept one; null where they agree"),
    _share("similarity", "Highest similarity of the preferred text and another annotator's"),
    _share(
        "support",
        "Share of the description's claims that others bear out: annotators, and people's boxes",
    ),
    # --- grounding ----------------------------------------------------------------------
    _count("region_no", "Region within the image, most salient first; 0 where none was found"),
    _text("phrase", "The words that were searched for and found; null where none were"),
    _text(
        "thresholds",
        "Thresholds of boxes and masks; null where the method has some of its own",
    ),
    _count(
        "left_out",
        "Boxes that are none, lie outside, or exceed the eight best; null where none are counted",
    ),
    _number("x1_px", "Left edge of the box", "px", 0),
    _number("y1_px", "Upper edge of the box", "px", 0),
    _number("x2_px", "Right edge of the box", "px", 0),
    _number("y2_px", "Lower edge of the box", "px", 0),
    _share("score", "The detector's confidence in the box"),
    _share(
        "mask_score",
        "The segmenter's own score of the mask: predicted IoU (SAM), or mean saliency under it, "
        "relative to the image's maximum (GrabCut)",
    ),
    _share("mask_share", "Area of the mask over area of the image"),
    Column("mask_size_px", INTEGERS, "Height and width of the mask's own raster", "px", 1),
    Column(
        "mask_counts", INTEGERS, "COCO run lengths, column by column, background first", "px", 0
    ),
    _text("linked_text", "The words of the record that the region is linked to"),
    _text(
        "link",
        "Why words and region belong together. named: the grounder searched for these words; "
        "head_noun: for the subject's head noun alone; unnamed: it does not search for words; "
        "of_subject: the attribute is the subject's; around: the background lies outside of it",
        ("named", "head_noun", "unnamed", "of_subject", "around"),
    ),
    # --- critic -------------------------------------------------------------------------
    _text(
        "field",
        "Judged field of the record",
        (
            *("emotion", "description", "background", "attribute", "subject", "intensity", "box"),
            "scene",
        ),
    ),
    _text(
        "step",
        "Step of the critic, in EmoVerse's order: S0 the image is usable, S1 scene, S2 background, "
        "S3 emotion, S4 subject and attribute, S5 description, S6 box, S7 intensity",
        ("S0", "S1", "S2", "S3", "S4", "S5", "S6", "S7"),
    ),
    _text(
        "drawn_from",
        "Where the rival comes from: the votes; in a later round a vote that was left, an "
        "alternative of an annotator or what the verifier finds likely, or an annotator that was "
        "asked again",
        ("votes", "further_vote", "likely", "asked_again"),
    ),
    _text("rival", "The other emotion that the critic was shown", MIKELS_8),
    _text("chosen", "The emotion that the critic chose; null where it could not tell", MIKELS_8),
    _share(
        "verifier_share", "The verifier's probability of the decided emotion over that of the two"
    ),
    _text(
        "verifier_side",
        "The candidate that the verifier finds likelier; silent where it says nothing, any for all",
        ("chosen", "other", "silent", "any"),
    ),
    _text("settled_emotion", "The emotion that follows from the choice and its weight", MIKELS_8),
    _text(
        "chosen_as", "What the critic chose: the decided emotion or its rival", ("decided", "rival")
    ),
    _text("candidate", "The candidate that is counted", ("chosen", "other")),
    _share("priority", "Probability that a person changes the value; the highest come first"),
    _text(
        "verdict",
        "Judgement of the field; unjudged if the critic could not be asked",
        ("valid", "revisable", "discarded", "unjudged"),
    ),
    _texts("codes", "Error codes found"),
    _text("instruction", "Requested change for the annotators; never the new value"),
    _text("finding", "Measurement or text that led to the verdict"),
    # --- review -------------------------------------------------------------------------
    _text("task_id", "Task of the review tool: one image for people to judge"),
    _text(
        "queue",
        "Why people are asked: audit, drawn uniformly; inspection, drawn by stratum; disputed "
        "between machines; rare, drawn for an emotion that machines seldom find; gold, with a "
        "known distribution; repeats, one person a second time; imported, nobody was asked here",
        ("audit", "inspection", "disputed", "rare", "gold", "imported", "repeats"),
    ),
    _share(
        "asked_share",
        "Probability that people are asked about the image, by any draw; 1 where it is in dispute. "
        "Its inverse weights rates back to all images. Null where nobody was asked here",
    ),
    _shares(
        "gold_distribution",
        "What people elsewhere named, where they were eight or more and 0.8 of their mass is on "
        "one emotion: the shares of amusement, anger, awe, contentment, disgust, excitement, fear "
        "and sadness; what is lacking to 1 is none of them",
    ),
    _text(
        "reviewed_field",
        "Field that a person judges or checks",
        (
            *("emotion", "also_felt", "valence", "arousal", "sureness", "description"),
            *("background", "attribute", "subject", "box", "style", "scene", "objects"),
            *("facial_expression", "human_action", "reason"),
        ),
    ),
    _texts("fields", "Fields whose drafts a person checks after judging the image blind"),
    _text("machine_emotion", "Emotion of the record as machines alone decided it", MIKELS_8),
    _number(
        "machine_valence", "Mean valence of the annotators when the task was made", "step", -4, 4
    ),
    _text("probe_field", "Field whose draft is wrong on purpose; its answers never become data"),
    _text("probe_json", "The wrong draft: another image's, as JSON"),
    _text("draft_json", "Draft of the field as JSON"),
    _text("draft_version", "Hash of the draft; a changed draft is shown again"),
    _text("rater_id", "Pseudonym of the person"),
    _text(
        "phase",
        "blind: before any draft was shown; drafts: checking them; reconciled: after the machine's "
        "emotion was shown; adjudicated: with the judgements of all people; imported: elsewhere, "
        "and nobody knows what was shown; repeated: blind, by a person who judged the image before",
        ("blind", "drafts", "reconciled", "adjudicated", "imported", "repeated"),
    ),
    _text(
        "vote",
        "What the person did: felt something, confirmed, corrected or refused the draft, said that "
        "there is nothing of the kind or that it cannot be told; kept their own emotion, changed "
        "it, or found both plausible; decided for all",
        (
            *("felt", "confirmed", "corrected", "refused", "absent", "unknown"),
            *("kept", "changed", "both", "decided"),
        ),
    ),
    _text("vote_origin", "Where the vote was given: review, or the name of the imported file"),
    _text("said_json", "The value that the person gave, or the code of the refusal, as JSON"),
    _number("rating", "Rating of valence or arousal in steps", "step", -4, 4),
    _texts(
        "unknown_objects",
        "Objects of which people say that it cannot be told whether they are there: a person, or "
        "more than half of those who checked the objects. Null where there are none",
    ),
    _texts(
        "absent_objects",
        "Drafted objects that are not there, as more than half of those who checked the objects "
        "say. Null where there are none",
    ),
    Column(
        "emotion_place",
        pl.Int64,
        "Place on the person's screen, 1 to 8, of the emotion that they named before any draft was "
        "shown; the order is another for each of eight people, so that it can be told from what is "
        "felt. Null for neutral and cannot tell, and where the order is not known",
        "",
        1,
        8,
    ),
    _text(
        "rating_input",
        "What valence and arousal were rated on: two scales of nine steps, or one grid of both",
        ("scales", "grid"),
    ),
    _flag("is_counted", "Whether the vote is one of those asked for, and not a late surplus"),
    _number("duration_s", "Time from showing the field to the answer", "s", 0),
    _count("event_no", "Number of the event in the log of the review tool", "", 1),
    _text("guide_version", "Guidelines that the person had read, named in each of their events"),
    _count("open_task_count", "Tasks of the queue that came in on the day and wait for people"),
    _text("voted_at", "Time of the answer, UTC, ISO 8601"),
    _text(
        "outcome",
        "decided: three or more judged the image and more than half felt the same; plural: no "
        "emotion has more than half; too_few: fewer than three judged it; adjudicated: an "
        "adjudicator chose the emotion; kept_plural: one kept the distribution; dropped: one took "
        "the image out; imported: nobody judged it here, and of three or more imported labels more "
        "than half name the same; imported labels that are fewer or differ: too_few, plural",
        ("decided", "plural", "too_few", "adjudicated", "kept_plural", "dropped", "imported"),
    ),
    _count(
        "judgement_count",
        "Number of people who judged the image blind; of imported labels where there are none",
    ),
    _share("named_share", "Share of the people who named one of the eight emotions"),
    _shares(
        "felt_shares",
        "Share of the people who felt amusement, anger, awe, contentment, disgust, excitement, "
        "fear and sadness at all, most or besides: one person may feel several",
    ),
    _text(
        "draft_states_json",
        "JSON: field -> what most people did with its draft; open where not more than half agree",
    ),
    _share("emotion_share", "Share of the most frequent answer, neutral and cannot tell included"),
    _text("settled_json", "Fields that a majority confirmed or corrected, with values, as JSON"),
    _texts("refused_fields", "Fields whose draft a majority refused, or found not there"),
    _text(
        "measure",
        "What is measured: agreement of people, agreement with the machine, or care",
        (
            *("alpha", "icc_single", "icc_mean", "blind_is_machine", "changed_after_machine"),
            *("accepted", "wrong_accepted", "alpha_masi", "alpha_class", "alpha_with_models"),
            *("weighted_kappa", "icc_crossed_single", "icc_crossed_mean", "matched_iou"),
            *("matched_iou_with_models", "carry_over", "gold_gap", "image_share"),
            "fleiss_kappa",
        ),
    ),
    _text("judged_field", "Field that the measure is about; any: all of them"),
    _number("estimate", "The measure"),
    _number("estimate_lower", "Lower end of its 95 % interval"),
    _number("estimate_upper", "Upper end of its 95 % interval"),
    _count("counted", "Number of images or answers that it is made from"),
    _flag("is_too_few", "Whether these are fewer than 30, so that the measure says little"),
    _text(
        "inspection",
        "Draw of images to inspect: uniform over all, by stratum and more where machines differ, "
        "or study: as many of each source",
        ("uniform", "stratified", "study"),
    ),
    _text(
        "inspected_stratum",
        "Source, agreement pattern, machines' emotion and the worst verdict of the critic; of the "
        "study, the source; all: no strata",
    ),
    _count("draw_no", "Place in the draw", "", 1),
    _share("inclusion_share", "Probability of the image to be in the draw"),
    _count("drawn_count", "Drawn images of which machines filled the field"),
    _share("right_share", "Share of those judged that people found right, weighted by the draw"),
    _share("right_lower", "Lower end of its 95 % interval (Wilson)"),
    _share("right_upper", "Upper end of its 95 % interval (Wilson)"),
    _share("target_share", "Lowest share that is accepted"),
    _text(
        "acceptance",
        "accepted: all were judged, and the lower end reaches the target; rejected: it cannot any "
        "more; undecided: some wait, or too few were drawn for any verdict",
        ("accepted", "rejected", "undecided"),
    ),
    _text("study_group", "Source of the images, or all"),
    _text(
        "study_question",
        "What was asked: whether the image evokes an emotion, whether the machines' emotion is "
        "right, whether their background is right",
        ("evokes_emotion", "emotion_is_right", "background_is_right"),
    ),
    _count("participant_count", "People who answered"),
    _count("studied_count", "Images that they answered about"),
    _count("yes_count", "Answers that are yes"),
    _share("yes_share", "Share of the answers that are yes"),
    _share("yes_lower", "Lower end of its 95 % interval (Wilson, an image counts once)"),
    _share("yes_upper", "Upper end of its 95 % interval (Wilson, an image counts once)"),
    _share("machine_share", "Share of their blind judgements that name the machine's emotion"),
    _count("checked_count", "Drafts that the person checked, but those they could not tell of"),
    _count("accepted_count", "Drafts that they confirmed"),
    _count("wrong_count", "Drafts, wrong on purpose, that they checked"),
    _count("wrong_accepted_count", "Drafts, wrong on purpose, that they confirmed"),
    *(
        column
        for name in ("valence", "arousal")
        for column in (
            _count(f"{name}_count", f"Images whose {name} the person and others rated"),
            _number(
                f"{name}_offset",
                f"Mean difference of their {name} from the mean of the others",
                "step",
                -8,
                8,
            ),
            _number(f"{name}_offset_lower", "Lower end of its 95 % interval", "step"),
            _number(f"{name}_offset_upper", "Upper end of its 95 % interval", "step"),
            _number(
                f"{name}_offset_shrunk",
                "The same, moved towards 0 by how little is known of it",
                "step",
                -8,
                8,
            ),
            _number(f"{name}_scale", f"Spread of their {name} by that of the others", "", 0),
        )
    ),
    _count("retest_count", "Images that the person judged a second time, much later"),
    _share("retest_emotion_share", "Share of these for which they named the same emotion again"),
    _share("retest_emotion_lower", "Lower end of its 95 % interval (Wilson)"),
    _share("retest_emotion_upper", "Upper end of its 95 % interval (Wilson)"),
    *(
        _number(
            f"retest_{name}_icc",
            f"Agreement of their two ratings of {name}: ICC(2,1), absolute, single; null below two "
            "images, or where no rating varies",
            "",
            None,
            1,
        )
        for name in ("valence", "arousal")
    ),
    _count("gold_count", "Images with a gold distribution that the person judged"),
    _share("gold_mass", "Mean share that the gold distribution gives the emotion they named"),
    _share("gold_mass_lower", "Lower end of its 95 % interval (bootstrap over images)"),
    _share("gold_mass_upper", "Upper end of its 95 % interval (bootstrap over images)"),
    _share(
        "gold_expected",
        "The same of a person drawn from the gold distributions: the mean sum of their squares",
    ),
    _share(
        "gold_distance",
        "Total variation between what they named at these images and the mean gold distribution",
    ),
    _text(
        "care_finding",
        "What is noticed: accepts_wrong_drafts (more than 0.3, with its interval), "
        "agrees_with_the_machine (in more than 0.95 of 50 judgements or more), or far_from_gold "
        "(10 images or more, and less than half of what is expected, with its interval)",
        ("accepts_wrong_drafts", "agrees_with_the_machine", "far_from_gold"),
    ),
    _text("label_state", "Who gave the label: human, and no machine changes it", ("human",)),
    # --- ablation -----------------------------------------------------------------------
    _text("experiment", "Data of the arm: the lake, or synthetic records with their correlation"),
    _text(
        "part",
        "Scored field, or the triplet of background, attribute and subject together",
        (
            *("emotion", "description", "background", "attribute", "subject", "intensity", "box"),
            "triplet",
        ),
    ),
    _text("arm", "The pipeline without one component, or corrupted for the corruption suite"),
    _text(
        "severity",
        "Difficulty of noticing a corruption; all: every level except the controls",
        ("all", "easy", "medium", "hard", "cross_field", "control"),
    ),
    _text(
        "metric",
        "Meaning of the share",
        (
            *("accuracy", "coverage", "preserve", "recall", "false_repair", "repair_success"),
            *("accuracy_of_all", "answer_flips", "agreement_if_counted", "agreement_by_asking"),
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
    _share("published", "The value in EmoVerse's Table 3, where there is one"),
    _share("fed_rate", "The rate that a simulated critic was given: an input of the experiment"),
    _text("corruption", "Change made to the value"),
    _text("before", "The value before the corruption"),
    _text("after", "The corrupted value"),
    _flag("is_flagged", "Whether the critic flagged it"),
    # --- records and texts --------------------------------------------------------------
    _text(
        "external_id",
        "The record's identifier in EmoVerse's release; it contains the label, so models never see "
        "it",
    ),
    _text("image_path", "Path of the image file, relative to the data root"),
    _text("image_type", "EmoVerse's visual domain", ("Artistic", "Social", "Nature")),
    _text(
        "image_type_origin",
        "What tells the domain: the source, or the style, people or place that the annotator saw",
        ("source", "style", "people", "place"),
    ),
    _texts(
        "word_annotators",
        "Annotators of description, background, attribute and subject, in this order; empty text "
        "where there is none",
    ),
    _texts(
        "decided_by_people",
        "Fields whose value, or whose emptiness, people decided in the review tool",
    ),
    # --- records of AIGIEmo ---------------------------------------------------------------
    _texts("rater_ids", "Pseudonyms of the people who judged the image, sorted"),
    _texts("felt_emotions", "What each of them felt; neutral and cannot_tell included"),
    _texts(
        "also_felt",
        "What each of them felt besides, as JSON: emotion -> strength, 1 to 3; {} where nothing",
    ),
    Column("felt_valences", INTEGERS, "Valence that each of them gave", "step", -4, 4),
    Column("felt_arousals", INTEGERS, "Arousal that each of them gave", "step", -4, 4),
    _number(
        "rating_gap",
        "Larger distance of their mean valence and arousal from those usual for the emotion",
        "step",
        0,
        8,
    ),
    _share(
        "brightness_step",
        "Brightness on EmoSet's scale of eleven steps, 0.0 to 1.0: the mean rounded to tenths",
    ),
    _share(
        "colourfulness_step",
        "Colourfulness on eleven steps like EmoSet's, 0.0 black and white: tenths of 109, at which "
        "Hasler and Suesstrunk call images extremely colourful, 1.0 at most",
    ),
    _texts("colour_words", "Basic colour terms of the dominant colours, each once, in their order"),
    _text("caption", "Description of the image, drafted by a model"),
    _text("emotion_reason", "What in the image evokes the emotion: drafted from a model's cues"),
    Column(
        "reason_regions",
        INTEGERS,
        "Regions that the reason names by number, as in `the dog [1]`; of `records__regions`. Only "
        "where its author saw the boxes that people settled on",
        "",
        1,
    ),
    _texts(
        "reason_fields",
        "Fields of the record whose words the reason holds; `records__links` has their regions",
        ("background", "attribute", "subject", "objects"),
    ),
    *(
        _text(
            f"{name}_state",
            f"What became of the draft of {name}; absent: people found none, unknown: it cannot be "
            "told, missing: no model drafted it, open: people differ, drafted: nobody looked",
            (
                *("drafted", "confirmed", "corrected", "refused", "absent", "unknown", "open"),
                "missing",
            ),
        )
        for name in (
            *("caption", "emotion_reason", "style", "scene", "objects", "facial_expression"),
            "human_action",
        )
    ),
    _count("caption_distance", "Words that people put in, took out or replaced", "words"),
    _count("reason_distance", "Words that people put in, took out or replaced", "words"),
    _text("style_words", "People's words for a style that is not in the closed list"),
    _text("expression_words", "People's words for an expression that is not in the closed list"),
    _count("decided_count", "Images at which people felt the emotion"),
    _count("target_count", "Images of the emotion that are wanted"),
    _count("undecided_count", "Images with this emotion by machines, of which people decided none"),
    _flag("is_stopped", "Whether people found the emotion often enough"),
    _text("joined_triplet", "background-attribute-subject in one text; null if a part is missing"),
    Column(
        "boxes_px",
        INTEGERS,
        "Boxes of the subject, most salient first, four whole numbers each: x1, y1, x2, y2",
        "px",
        0,
    ),
    _count("region_count", "Boxes in the image"),
    _count("round_count", "Rounds of annotation", minimum=1),
    _text("text", "The written text"),
    _count("word_count", "Words in the text"),
    _count(
        "tries",
        "Answers that the writer gave until one kept all rules or the last was refused; 0 if not "
        "asked",
    ),
    _text(
        "evoked_by",
        "Cause of the emotions: the visual effect itself, associations, or both",
        ("direct", "indirect", "both"),
    ),
    _text("first_image_id", "The image that the text calls the first"),
    _text("second_image_id", "The image that the text calls the second"),
    _text("aspect", "Compared aspect", ("overall", "valence", "arousal", "dominance")),
    _text("element", "Thing that people, or a model's reasoning, name to explain the emotion"),
    _texts("distractors", "Elements that the reasoning does not mention"),
    _text("thing", "The element in the singular, if people name it"),
    _count("element_people", "People whose explanations of the emotion name the element"),
    _count("explanation_people", "People who explain the emotion"),
    _count("explanation_count", "People who explain any emotion of the image"),
    _texts("said_in", "Sources of the explanations, sorted"),
    _texts("things", "Words for things in any comment on the image, in the singular, sorted"),
    _text(
        "explained_by",
        "What the image's explanations speak of: details, the whole, or both",
        ("details", "whole", "both"),
    ),
    # --- questions ----------------------------------------------------------------------
    _text("item_id", "Hash of template, images and question, 64 bits in hexadecimal digits"),
    _text("dataset", "Published dataset of the entries in the file", ("qa", "assess", "records")),
    _text("template", "Template of the item: the module under eemo_pipeline/stages/qa/templates/"),
    _text(
        "category", "Task of the item", ("perception", "pair_perception", "ranking", "description")
    ),
    _text("question_type", "Form of the answer", ("yes_no", "what_how", "open")),
    _texts("image_ids", "The images of the item, in the order of the question"),
    _text("question", "The question"),
    _texts("options", "Options in the displayed order; empty for open questions"),
    _text("answer", "The right answer in words"),
    _text("answer_letter", "Letter of the right option"),
    _text("facts", "The facts that prove the answer, and who states them, as a JSON object"),
    _text(
        "claim",
        "Claim of the answer about the labels; a check verifies each claim",
        (
            *("level_is", "level", "both_at_level", "higher", "lower", "difference"),
            *("in_top3", "is_dominant", "outweighs", "dominant", "present", "absent", "stronger"),
            *("both_in_top3", "both_dominant", "both_outweigh", "common", "absent_from_both"),
            *("which_dominant", "which_top3", "conflict", "caused_by", "cause", "same_cause"),
            *("pair_causes", "which_cause", "explained_by", "ranking", "written"),
        ),
    ),
    _count("item_count", "Number of items made"),
    _count("option_count", "Options of each question"),
    _share("chance", "Accuracy of a guess at random"),
    _share(
        "offered_accuracy",
        "Accuracy of guessing the option that is most often right when offered, leave one out",
    ),
    _text(
        "content_category",
        "Category of the image's content",
        ("person", "animal", "object", "scenery", "daily life", "abstract"),
    ),
    _text("category_origin", "Where the category is from: source:<name> or annotation:<annotator>"),
    _count("candidate_count", "Number of possible questions"),
    _count("most_uses", "Items of the template with the most used image"),
    _texts("templates", "Question templates, sorted"),
    _text("task", "Task of the Assess item", ("ranking", "vad", "dominant_emotion")),
    _text("dimension", "Scored dimension", ("valence", "arousal", "dominance")),
    _text("balanced_over", "Label set or dimension whose classes or score bins are balanced"),
    _text("stratum", "Class of the label set, or bin of the 0-1 score"),
    _count("available_count", "Number of possible items"),
    _count("cap", "Most items that the class or bin may have, null where there is no limit"),
    _count("selected_count", "Number of selected items"),
    _texts("candidates", "Values that the answer may name"),
    _share("target", "The score to predict"),
    _flag("is_selected", "Whether the image became an item of the task"),
    # --- expansion ----------------------------------------------------------------------
    _text("triplet_id", "Hash of emotion, background, attribute and subject, 16 digits"),
    _count("record_count", "Preserved records with this emotion and triplet", minimum=1),
    _count("class_deficit", "Preserved records that the emotion has fewer than the largest one"),
    _number(
        "need",
        "Deficit of the emotion over the number of records with the triplet or, of a prompt, with "
        "its new parts",
        "images",
        0,
    ),
    _text("query", "Words for a search of images; null if the triplet is not searched for"),
    _count("image_cap", "Most images that may be taken for the query; 0 where there is none"),
    _text("prompt_id", "Hash of the parent, the replaced parts and the prompt, 16 digits"),
    _text("parent_image_id", "The image whose triplet was changed"),
    _text("donor_image_id", "The image whose triplet the new parts are from"),
    _texts(
        "replaced",
        "Parts of the parent's triplet that are new",
        ("background", "attribute", "subject"),
    ),
    _text("intended_emotion", "The emotion that the generated image is meant to evoke", MIKELS_8),
    _text("prompt", "The text that an image generator is given"),
    _text("generator", "Provider and model that made the image"),
    _text("parent_split", "Split of the parent; null if the parent is not in the lake", SPLITS),
    _flag("is_match", "Whether the decided emotion is the intended one"),
    _text(
        "intended",
        "The intended emotion; all: every generated image",
        ("all", *MIKELS_8),
    ),
    _count("judged_count", "Images whose record has an emotion"),
    _count("match_count", "Images whose decided emotion is the intended one"),
    _share("match_share", "Share of matches among the judged images; null without any"),
    _share("match_lower", "Lower end of its 95 % interval (Wilson)"),
    _share("match_upper", "Upper end of its 95 % interval (Wilson)"),
    _text(
        "scope",
        "The images that count: without web and generated images, without generated ones, or all",
        ("before", "with_web", "with_web_and_generated"),
    ),
    _share("class_share", "Share of the images that have the emotion"),
    _number(
        "share_range_points",
        "Largest minus smallest class share; EmoVerse publishes 6.6",
        "percentage points",
        0,
        100,
    ),
    _number(
        "share_variance",
        "Variance of the eight class shares, divided by eight; EmoVerse publishes 8.18",
        "squared percentage points",
        0,
    ),
    _count("triplet_count", "Number of different triplets"),
    _count("pair_count", "Number of different pairs of attribute and subject"),
    _count(
        "tail_count", "Backgrounds, attributes and subjects of a single record before the expansion"
    ),
    _count("tail_covered_count", "Those of them that a record of web or aigc has, too"),
    _share("tail_coverage", "The share of the tail that is covered; null without a tail"),
    _text("manifest", "Name of the manifest, and the first 16 digits of the SHA-256 of its bytes"),
    _text("collected_from", "Address or path in the manifest, as it was written"),
    # --- edges of clusters --------------------------------------------------------------
    _text("other_image_id", "The second image of the pair, the larger image_id"),
    _text(
        "tier",
        "What links the two: hash, hash of a mirrored or turned copy, colour of images without "
        "structure, cosine of embeddings, or a generated image and its parent",
        ("hash", "turned_hash", "blank_colour", "embedding", "parent"),
    ),
    _number("cosine", "Cosine of the two embeddings", minimum=-1, maximum=1),
    Column("image_embedding", FLOATS, "Embedding of the image by a model of images, of length 1"),
    # --- costs --------------------------------------------------------------------------
    _text("stage", "Stage that made the calls"),
    _text("model_role", "Role of the model, such as annotator or critic"),
    _text("provider", "The billing provider; embedded: runs locally at no cost"),
    _count("call_count", "Calls sent to the provider; for an embedded model, stored answers"),
    _count("answered_count", "Calls that returned an answer"),
    _count("declined_count", "Calls that the model or the provider declined to answer"),
    _count("malformed_count", "Calls whose reply could not be used"),
    _count("limited_count", "Calls rejected by a rate limit"),
    _count("failed_count", "Calls that failed in any other way, or were abandoned"),
    _count(
        "unanswered_count",
        "Calls that were about to be sent and have no outcome, since their process was killed or "
        "waits now; a few may not have left",
    ),
    _count("retry_count", "Calls beyond the first about the same question"),
    _count("found_count", "Questions answered from the ledger in the latest pass, at no cost"),
    _count("input_tokens", "Billed tokens of requests, including images"),
    _count("output_tokens", "Billed tokens of replies, including reasoning"),
    _count("cached_tokens", "The part of input_tokens read from the provider's cache"),
    _count(
        "estimated_count",
        "Calls whose reply named no tokens that can be believed; they count in usd with the upper "
        "bound of their cost",
    ),
    _count(
        "unpriced_count",
        "Calls without a reported cost: timed out, cut off, failed at the provider or unanswered; "
        "they count as 0 in usd, and at their maximum possible cost in usd_at_most and in a budget",
    ),
    _number("usd", "Known cost", "USD", 0),
    _number("usd_at_most", "usd, and the upper bound of each call without a known cost", "USD", 0),
    _text("day", "Day, UTC, as YYYY-MM-DD"),
    _text(
        "batch_id", "SHA-256 of the batch's file, first 32 digits, and its number of submissions"
    ),
    _text(
        "batch_state",
        "State of the batch; lost: unknown to its provider",
        ("intended", "open", "completed", "failed", "expired", "cancelled", "lost"),
    ),
    _flag("is_collected", "Whether every row of the batch has an outcome"),
    _count("expired_count", "Rows not processed before the batch expired"),
    _count("not_run_count", "Rows of a batch that failed before any row was looked at"),
    _count("waiting_count", "Rows without an outcome yet"),
    _count("stray_count", "Lines of the results that match no row of the batch, and are not used"),
    # --- gate ---------------------------------------------------------------------------
    _text("edited_table", "Table in which a person changed a value by hand"),
    _count("edit_no", "Number of the import that brought the edit, per table", "", 1),
    _text("edited_key", "JSON: the key columns of the edited row"),
    _text("edited_column", "Column of the edited value"),
    _text("old_json", "JSON: the value that the person saw"),
    _text("new_json", "JSON: the value that the person gave"),
    _text("found_json", "JSON: the value that the table has; null if the row is gone"),
    _text("edited_by", "Pseudonym of the person"),
    _text("edited_at", "Time of the import, UTC, ISO 8601"),
    _text(
        "edit_state",
        "holds: the table has the person's value; value_has_changed: the computed value is another "
        "than the person saw, so the edit is not applied; row_is_gone: the table has no such row; "
        "superseded: a later import changed the same value",
        ("holds", "value_has_changed", "row_is_gone", "superseded"),
    ),
    # --- release ------------------------------------------------------------------------
    _count(
        "release_no", "Number of the release: its folder below releases of the data root", "", 1
    ),
    _text(
        "release_state",
        "whole, or damaged: its manifest or its rows cannot be read",
        ("whole", "damaged"),
    ),
    _count("released_count", "Rows in the release, but for its list of images"),
    _flag(
        "has_image_files", "Whether the release holds the image files, and not their paths alone"
    ),
    _count("withheld_count", "Items and records that terms kept in; one counts at each source"),
    _text("package_version", "Version of this package that built the release"),
    _text("digest", "SHA-256 of the manifest: one hash that names the release"),
    _text("previous_digest", "Digest of the release before; null for the first"),
    _text("config", "Configuration of the release, as Hugging Face calls a table of a dataset"),
    _text("row_id", "The released row: an item_id, or the image_id of a record or image"),
    _texts("licences", "Licences of all sources that the row depends on, sorted"),
    # --- exports, training --------------------------------------------------------------
    _count("row_count", "Rows in the file"),
    _text("sha256", "SHA-256 of the file"),
    _text("run_id", "SHA-256 of the job and its inputs, first 16 digits"),
    _text("job", "Training job: the module under eemo_pipeline/stages/training/jobs/"),
    _text("sample_id", "Sample of training: an item of qa__items or assess__items, or an image"),
    _text(
        "recipe", "Recipe of the run, in eemo_pipeline/stages/training/recipes/ or the user's own"
    ),
    _text("recipe_hash", "SHA-256 of what the recipe determines, first 16 digits"),
    _text("environment", "Environment of the job; its exact versions lie in the job's folder"),
    _text("environment_hash", "SHA-256 of the environment's lock file, first 16 digits"),
    _text("code_version", "SHA-256 of the job's code when the run was prepared, first 16 digits"),
    _text("data_versions", "JSON: table -> hash of its files when the run was prepared"),
    _text("base_model", "What the run starts from: a recipe, a folder, a name, or tiny"),
    _text("base_run_id", "The run whose result it starts from"),
    Column(
        "train_loss", pl.Float64, "Mean loss of the last ten reports, in nats per token or item"
    ),
    _number("mean_reward", "Mean reward of the last ten reports", "reward", 0, None),
    _count("step_count", "Updates of the weights, or splits of a probe"),
    _count("token_count", "Tokens of images and texts that were trained on", "tokens"),
    _text("measures", "JSON: further measures of the run, by name"),
    _text("device", "The GPU's name, or cpu"),
    _number("gpu_hours", "Hours times GPUs of all attempts", "hours", 0, None),
    Column("embedding", SINGLES, "Emotion embedding of the image, as it is"),
    Column("unit_embedding", SINGLES, "The same embedding, scaled to length 1"),
    Column("seed", pl.Int64, "Seed of every random choice", "", 0),
    _count("train_count", "Items that the model was fitted on"),
    _count("test_count", "Held-out items that it was scored on"),
    _share("accuracy", "Share of held-out items answered right"),
    _share("macro_f1", "Unweighted mean of the F1 of each emotion on the held-out items"),
    _share("baseline_accuracy", "Accuracy of always answering the most frequent training emotion"),
    # --- evaluation ---------------------------------------------------------------------
    _text("benchmark", "Benchmark: the module under eemo_pipeline/stages/evaluation/benchmarks/"),
    _text(
        "evaluated_model",
        "What answered: annotator, verifier, recipe of a trained model, model of a provider, or a "
        "baseline",
    ),
    _text("benchmark_item", "The item within its benchmark"),
    _text("section", "Task of the benchmark that the item belongs to"),
    _text("subset", "Column of the owners' table that counts the item, in their words"),
    _text("item_group", "Finer group of items: source, template or the owners' dimension"),
    _text("resampling_unit", "Near-duplicate clusters of the item's images, drawn as one"),
    _flag("is_scored", "Whether the owners count the item"),
    _text("gold_answer", "The right answer: a letter, a label, three labels or a number"),
    _text(
        "protocol",
        "How an answer was obtained: a reply in text that was read, or the probabilities of level "
        "words; mixed where the items of a score differ",
        ("text", "probability", "mixed"),
    ),
    _text("reply", "What the model replied, at most 4,000 characters"),
    _text("parsed_answer", "The answer as read tolerantly"),
    _text("strict_answer", "The answer as read strictly: the form asked for and nothing else"),
    _share("answer_probability", "Probability that the model gives its answer, where it says so"),
    _share("tolerant_mark", "Worth of the answer as read tolerantly; 0 where none was found"),
    _share("strict_mark", "Worth of the answer as read strictly; 0 where none was found"),
    _share("given_mark", "Worth that the owners, people or a judge gave"),
    _text("number", "Number of the owners' table, in their words"),
    _text(
        "marking",
        "Who marked: the owners or a judge, or our tolerant or strict reading",
        ("given", "tolerant", "strict"),
    ),
    _text(
        "score_unit",
        "Unit of the score; alpha: Krippendorff's",
        ("percent", "share", "correlation", "difference", "alpha", "points", "words", "bits"),
    ),
    _number(
        "score_value",
        "The score, in its unit; null where it cannot be measured here, as score_signature says",
        "",
        -1,
    ),
    _number("score_lower", "Lower end of its 95 % interval (bootstrap over clusters)", "", -1),
    _number("score_upper", "Upper end of the same interval", "", -1),
    _number("printed_value", "The score rounded half up, as the owners print it", "", -1),
    _count("counted_items", "Items that count"),
    _text(
        "item_set",
        "Hash of the ids of the items that count: only scores of one item_set are of the same "
        "items, and can be ranked",
    ),
    _share("covered_share", "Share of them with an answer that could be read, or a given mark"),
    _number("published_value", "What others have published of this number", "", -1, 100),
    _number("published_difference", "Printed value minus the published one", "", -101, 101),
    _text("score_note", "Why the two may differ"),
    _text(
        "score_signature",
        "Variant, tokeniser and versions of a measure of texts, or why it has no value here",
    ),
    _text("first_model", "The first of two compared models, in alphabetical order"),
    _text("second_model", "The model that it is compared with"),
    _count("shared_items", "Items that both answered", "", 1),
    _share("first_mark", "Mean mark of the first model on them"),
    _share("second_mark", "Mean mark of the second model on them"),
    _number("mark_difference", "Mean mark of the second minus that of the first", "share", -1, 1),
    _number(
        "mark_difference_lower", "Lower end of its 95 % interval (paired bootstrap)", "share", -1, 1
    ),
    _number("mark_difference_upper", "Upper end of the same interval", "share", -1, 1),
    _count("gained_count", "Items on which the second model is better"),
    _count("lost_count", "Items on which the second model is worse"),
    _share("test_p_value", "P of McNemar's test on right and wrong, else of the paired bootstrap"),
    _share(
        "test_p_adjusted",
        "The same, adjusted for the comparisons of the benchmark or the study (Holm)",
    ),
    _text(
        "study",
        "What was varied: attributes, the mix of data, the source fitted on, the features, the "
        "embedding; or whom people say yes to",
        (
            *("attribute_ablation", "data_mixing", "source_transfer", "visual_baselines"),
            *("embedding_probe", "user_study"),
        ),
    ),
    _text("tested_on", "Source whose held-out images were tested, or all"),
    _text("study_arm", "What was left out, added or exchanged, in words; of sources, their names"),
    _text("study_seed", "Seed of the split by cluster and of the draws; all: their answers pooled"),
    _count("counted_clusters", "Near-duplicate clusters that count, resampled as one each"),
    _text("reference_arm", "The arm that it is compared with"),
    _number(
        "arm_difference", "The score minus that of the reference arm, in its unit", "", -100, 100
    ),
    _number(
        "arm_difference_lower", "Lower end of its 95 % interval (paired bootstrap)", "", -100, 100
    ),
    _number("arm_difference_upper", "Upper end of the same interval", "", -100, 100),
    _text("published_source", "Where the published value is from"),
)

COLUMNS: dict[str, Column] = {column.name: column for column in _ALL}
