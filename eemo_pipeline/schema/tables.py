"""Every table, once: its grain, its key, its columns in order, and which may be null.

The meanings of the columns are in `columns.py`. The name of a table is the asset, the argument
downstream, the Parquet file and the SQL table. A leading underscore marks an intermediate table of
its stage.
"""

from dataclasses import dataclass

import polars as pl

from eemo_pipeline.schema.columns import COLUMNS, Column


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: `<stage>__<plural_noun>`, with a leading underscore if it is intermediate.
        grain: the meaning of one row; completes the sentence "One row per ...".
        key: the columns that identify a row; the table is sorted by them.
        columns: names of all columns, in order.
        optional: names of the columns that may be null; the meaning of the column or the status of
            the row gives the reason.
        is_partitioned: whether the table is a folder with one file per source.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    is_partitioned: bool = False
    plotted: str | None = None

    @property
    def stage(self) -> str:
        """The stage: the name up to the double underscore."""
        return self.name.lstrip("_").split("__")[0]

    @property
    def polars_schema(self) -> pl.Schema:
        """Column names and polars types, in order."""
        return pl.Schema({name: COLUMNS[name].dtype for name in self.columns})

    @property
    def definitions(self) -> tuple[Column, ...]:
        """The columns with their meaning, in order."""
        return tuple(COLUMNS[name] for name in self.columns)

    def empty(self) -> pl.DataFrame:
        """The table without rows."""
        return pl.DataFrame(schema=self.polars_schema)


def _table(
    name: str,
    grain: str,
    key: str,
    columns: str,
    optional: str = "",
    *,
    is_partitioned: bool = False,
    plotted: str | None = None,
) -> Table:
    ordered = tuple(columns.split())
    return Table(
        name,
        grain,
        tuple(key.split()),
        ordered,
        frozenset(ordered if optional == "*" else optional.split()),
        is_partitioned,
        plotted,
    )


_MEASURED = """size_bytes format colour_mode width_px height_px frame_count orientation has_alpha
    has_profile brightness saturation contrast colourfulness edge_density dominant_colours
    dominant_shares is_blank phash phash_method"""
_REPLY = """image_id annotator round model method prompt_hash status reason description background
    attribute subject emotion alternatives alternative_probabilities clarity intensity valence
    arousal dominance evidence style scene objects facial_expression human_action"""
_REPLY_OPTIONAL = """reason description background attribute subject emotion alternatives
    alternative_probabilities clarity intensity valence arousal dominance evidence style scene
    objects facial_expression human_action"""
_REGION = """region_no detector segmenter model method thresholds phrase status reason left_out
    x1_px y1_px x2_px y2_px score mask_score mask_share mask_size_px mask_counts"""
_REGION_OPTIONAL = """thresholds phrase reason left_out x1_px y1_px x2_px y2_px score mask_score
    mask_share mask_size_px mask_counts"""
_TEXT = "image_id writer model method prompt_hash status reason text word_count tries"

_VOTE = """image_id rater_id phase reviewed_field task_id queue asked_share vote said_json rating
    unknown_objects emotion_place rating_input draft_json vote_origin is_counted duration_s
    guide_version event_no voted_at"""

_ALL = (
    _table(
        "sources__datasets",
        "known source dataset, with its terms and its state on disk",
        "source",
        """source title role licence is_redistributable homepage citation label_space semantics
        embeds obtain place expected_files expected_records found_files state missing""",
        "expected_files expected_records missing",
        plotted="state",
    ),
    _table(
        "ingest__records",
        "source record with a readable image",
        "source record_id",
        """source record_id image_id path resolved_by source_split native_label label_space
        semantics annotation_count attributes""",
        "source_split native_label attributes",
        is_partitioned=True,
        plotted="source",
    ),
    _table(
        "ingest__annotations",
        "annotation of a record, with native labels, native scale and text",
        "source record_id annotation_no",
        """source record_id annotation_no image_id table_path row annotator_id rater_count
        label_space semantics native_labels native_weights native_valence native_arousal
        native_dominance native_valence_sd native_arousal_sd scale_min scale_max comment
        person_box_px attributes""",
        """table_path row rater_count native_labels native_weights native_valence native_arousal
        native_dominance native_valence_sd native_arousal_sd scale_min scale_max comment
        person_box_px attributes""",
        is_partitioned=True,
    ),
    _table(
        "ingest__words",
        "word or phrase of a lexicon, with its rating on the native scale",
        "source word",
        """source word table_path row native_valence native_arousal native_dominance
        native_valence_sd native_arousal_sd scale_min scale_max""",
        "native_valence native_arousal native_dominance native_valence_sd native_arousal_sd",
        is_partitioned=True,
    ),
    _table(
        "ingest__rejects",
        "file (row is null) or row of an annotation file that was refused",
        "source path row reason detail",
        "source path row line reason detail",
        "row line",
        is_partitioned=True,
        plotted="reason",
    ),
    _table(
        "_ingest__measurements",
        "distinct image within a source, with its pixel measurements",
        "source image_id",
        f"source image_id path occurrence_count {_MEASURED} turned_phashes",
        is_partitioned=True,
    ),
    _table(
        "_ingest__counts",
        "source and unit: found, kept and refused, counted before anything is read",
        "source unit",
        "source unit found kept refused",
        is_partitioned=True,
    ),
    _table(
        "ingest__images",
        "distinct image by content, with its pixel measurements",
        "image_id",
        f"image_id source path sources occurrence_count {_MEASURED} turned_phashes",
        plotted="format",
    ),
    _table(
        "dedup__clusters",
        "image: its cluster of near-duplicates, whether it is kept, and why",
        "image_id",
        "image_id cluster_id is_kept reason kept_image_id distance_bits",
        plotted="reason",
    ),
    _table(
        "_dedup__embeddings",
        "image, if an embedding model is chosen: its embedding, or why it has none",
        "image_id",
        "image_id model status reason image_embedding",
        "reason image_embedding",
    ),
    _table(
        "dedup__edges",
        "pair of images and tier that links them in a cluster",
        "image_id other_image_id tier",
        "image_id other_image_id tier cluster_id distance_bits cosine model",
        "distance_bits cosine model",
        plotted="tier",
    ),
    _table(
        "dedup__images",
        "kept image, with the split of its cluster",
        "image_id",
        f"""image_id cluster_id split is_evaluation is_redistributable source path sources
        occurrence_count {_MEASURED}""",
        plotted="split",
    ),
    _table(
        "labels__emotions",
        "image, taxonomy and emotion with mass",
        "image_id taxonomy emotion",
        """image_id taxonomy emotion mass lost_mass ambiguous_mass semantics choice_count
        order_score rater_count sources rule""",
        "rater_count",
        plotted="emotion",
    ),
    _table(
        "labels__vad",
        "image and origin of its valence, arousal and dominance",
        "image_id origin",
        """image_id origin source semantics valence arousal dominance valence_sd arousal_sd
        dominance_sd rater_count lexicon lexicon_word_count is_best rule""",
        """valence arousal dominance valence_sd arousal_sd dominance_sd rater_count lexicon
        lexicon_word_count""",
    ),
    _table(
        "labels__rankings",
        "kept image: its ranking of Ekman emotions, or why it has none",
        "image_id",
        """image_id status reason ranking dominant_emotion decided_by tied_emotions margin lost_mass
        rater_count""",
        "reason ranking dominant_emotion decided_by tied_emotions margin lost_mass rater_count",
        plotted="dominant_emotion",
    ),
    _table(
        "labels__centroids",
        "Ekman emotion: its mean point in valence-arousal-dominance space",
        "emotion",
        """emotion image_count valence arousal dominance published_valence published_arousal
        published_dominance""",
        "valence arousal dominance published_valence published_arousal published_dominance",
    ),
    _table(
        "labels__label_points",
        "EMOTIC label: its point in valence-arousal-dominance space, by regression on the ratings",
        "label",
        """label status reason is_anchor emotion rule anchor_emotion anchor_distance printed_emotion
        printed_distance published_emotion is_as_published valence arousal dominance
        published_valence published_arousal published_dominance anchor_shift fit_sd label_count
        rating_rule held_out_error baseline_error""",
        """reason emotion rule anchor_emotion anchor_distance printed_emotion printed_distance
        is_as_published valence arousal dominance published_valence published_arousal
        published_dominance anchor_shift fit_sd rating_rule held_out_error baseline_error""",
    ),
    _table(
        "labels__reviews",
        "image that enough people judged in the review tool, and emotion they felt",
        "image_id emotion",
        """image_id emotion mass lost_mass label_state outcome rater_count valence valence_sd
        arousal arousal_sd""",
        "valence valence_sd arousal arousal_sd",
        plotted="emotion",
    ),
    _table(
        "labels__label_fates",
        "source, taxonomy and native label: its mass and the result of its mapping",
        "source label_space taxonomy label",
        """source label_space taxonomy label fate emotion label_count label_mass label_share basis
        note""",
        "emotion basis note",
    ),
    _table(
        "_labels__coverage",
        "source, kind of annotation and reason: how many annotations were used, or why not",
        "source kind reason",
        "source kind reason annotation_count image_count",
    ),
    _table(
        "labels__lexicon_trials",
        "lexicon, rule, source of ratings and dimension: how well comments agree with raters",
        "lexicon negation has_phrases source dimension",
        """lexicon negation has_phrases source dimension is_used image_count pearson spearman
        mean_absolute_error""",
        "pearson spearman mean_absolute_error",
    ),
    _table(
        "labels__validation_items",
        "image and dimension on the sheet with which experts validate the lexicon",
        "sheet_no",
        "sheet_no image_id dimension tertile lexicon_value lexicon_word_count",
    ),
    _table(
        "labels__validation_answers",
        "row of a validation sheet that an expert filled in: the answer, or why it does not count",
        "table_path row",
        """table_path row expert image_id dimension status reason detail expert_level tertile
        lexicon_value""",
        "row image_id dimension reason detail expert_level tertile lexicon_value",
        plotted="status",
    ),
    _table(
        "labels__validation_agreement",
        "dimension and expert, or all experts: agreement of answers with the lexicon's scores",
        "dimension expert",
        """dimension expert answer_count image_count agreed_count agreed_share lower_bound
        upper_bound weighted_kappa alpha""",
        "agreed_share weighted_kappa alpha",
    ),
    _table(
        "annotation__replies",
        "kept image and annotator: the first answer, or the reason there is none",
        "image_id annotator round",
        _REPLY,
        _REPLY_OPTIONAL,
        plotted="emotion",
    ),
    _table(
        "_verification__features",
        "kept image: the vector of pixel features that the probe uses",
        "image_id",
        "image_id method status reason features",
        "reason features",
    ),
    _table(
        "verification__replies",
        "kept image and verifier: its judgement, or why it abstains",
        "image_id verifier",
        """image_id verifier source model method status reason emotion probability distribution
        fold training_count""",
        "reason emotion probability distribution training_count",
        plotted="emotion",
    ),
    _table(
        "verification__patterns",
        "source, fold, agreement pattern, verifier's emotion and voter: how often people agree",
        "source fold pattern verifier_emotion voice",
        """source fold pattern verifier_emotion voice image_count right_count probability
        lower_bound labelled_count is_chosen is_accepted weight""",
        "weight",
    ),
    _table(
        "verification__decisions",
        "kept image: the decision of the annotators and the verifier",
        "image_id",
        """image_id pattern is_contested emotion confidence is_clarity_contested intensity
        intensity_level distribution annotator description background attribute subject""",
        """emotion confidence intensity intensity_level distribution annotator description
        background attribute subject""",
        plotted="pattern",
    ),
    _table(
        "verification__words",
        "kept image and field of words: whose text is kept, whether the annotators agree, and why",
        "image_id field",
        """image_id field annotator agreement similarity support reason text other_annotator
        other_text""",
        "similarity support other_annotator other_text",
        plotted="agreement",
    ),
    _table(
        "grounding__regions",
        "kept image and region of its subject; region 0 gives the reason for having none",
        "image_id region_no",
        f"image_id {_REGION}",
        _REGION_OPTIONAL,
        plotted="status",
    ),
    _table(
        "critic__verdicts",
        "kept image, round and field: the critic's judgement",
        "image_id round field",
        "image_id round field critic method verdict codes instruction finding",
        "instruction",
        plotted="verdict",
    ),
    _table(
        "critic__steps",
        "kept image, round, step of the critic and field: what it saw and found",
        "image_id round step field",
        "image_id round step field evidence finding",
    ),
    _table(
        "critic__choices",
        "image and round in which the critic compared two emotions: its choice, and what follows",
        "image_id round",
        """image_id round drawn_from emotion rival candidates chosen evidence verifier_share
        verifier_side image_count probability lower_bound settled_emotion is_accepted""",
        "chosen verifier_share image_count probability lower_bound",
    ),
    _table(
        "critic__word_choices",
        "image, round and field of contested words: the two texts that the critic was shown, in "
        "the order shown, and the one that it found better",
        "image_id round field",
        "image_id round field candidates annotator text evidence",
        "annotator text",
    ),
    _table(
        "critic__weights",
        "source, fold, round, kind of the critic's choice and candidate: how often people agree",
        "source fold round drawn_from chosen_as verifier_side candidate",
        """source fold round drawn_from chosen_as verifier_side candidate image_count right_count
        probability lower_bound labelled_count is_chosen is_accepted""",
    ),
    _table(
        "critic__queue",
        "image and field for a person to decide",
        "image_id field",
        "image_id field reason priority candidates codes finding",
    ),
    _table(
        "_critic__replies",
        "image, annotator and later round: the answer to the critic's instruction",
        "image_id annotator round",
        _REPLY,
        _REPLY_OPTIONAL,
    ),
    _table(
        "_critic__regions",
        "image whose words changed in a later round, and region found for the new ones",
        "image_id round region_no",
        f"image_id round {_REGION}",
        _REGION_OPTIONAL,
    ),
    _table(
        "ablation__scores",
        "experiment, arm, part, metric and severity: a share, its interval, the published number",
        "experiment arm part metric severity",
        """experiment arm part metric severity image_count value lower_bound upper_bound difference
        difference_lower difference_upper p_value p_adjusted published fed_rate""",
        "value difference difference_lower difference_upper p_value p_adjusted published fed_rate",
    ),
    _table(
        "ablation__corruptions",
        "deliberately corrupted value, and whether the critic noticed",
        "experiment image_id part severity corruption",
        "experiment image_id part severity corruption before after is_flagged codes",
    ),
    _table(
        "records__emoverse",
        "kept image: its EmoVerse record and the record's state",
        "image_id",
        """image_id external_id source split image_path image_type image_type_origin state reason
        description background attribute subject joined_triplet annotator model method
        word_annotators decided_by_people machine_emotion emotion confidence intensity
        intensity_level distribution is_contested region_count boxes_px round_count""",
        """external_id image_type image_type_origin reason description background attribute subject
        joined_triplet annotator model method machine_emotion emotion confidence intensity
        intensity_level distribution boxes_px""",
        plotted="state",
    ),
    _table(
        "records__regions",
        "kept image and box of its record: where its subject is",
        "image_id region_no",
        """image_id region_no round detector segmenter model method thresholds phrase reason x1_px
        y1_px x2_px y2_px score mask_score mask_share mask_size_px mask_counts""",
        "thresholds phrase reason score mask_score mask_share mask_size_px mask_counts",
    ),
    _table(
        "records__links",
        "kept image, part of its triplet and region: which words the region shows, and why",
        "image_id field region_no",
        "image_id field region_no linked_text link",
        plotted="link",
    ),
    _table(
        "records__aigiemo",
        "image that people judged: its AIGIEmo record",
        "image_id",
        """image_id source split image_path generator prompt asked_share outcome judgement_count
        emotion emotion_share distribution felt_shares rater_ids felt_emotions also_felt
        felt_valences felt_arousals valence valence_sd arousal arousal_sd rating_gap caption
        caption_state caption_distance emotion_reason emotion_reason_state reason_distance
        reason_regions reason_fields style style_words style_state scene
        scene_state objects objects_state absent_objects unknown_objects facial_expression
        expression_words facial_expression_state human_action human_action_state brightness
        brightness_step contrast saturation colourfulness colourfulness_step dominant_colours
        dominant_shares colour_words annotator is_selected""",
        """generator prompt asked_share emotion distribution felt_shares valence valence_sd arousal
        arousal_sd rating_gap caption caption_distance emotion_reason reason_distance style
        style_words scene objects absent_objects unknown_objects facial_expression
        expression_words human_action brightness_step colourfulness_step colour_words annotator""",
        plotted="emotion",
    ),
    _table(
        "records__class_stops",
        "emotion: how many images people found, and whether that is enough",
        "emotion",
        "emotion decided_count target_count undecided_count selected_count is_stopped",
    ),
    _table(
        "review__drafts",
        "image and field: the draft that a person checks",
        "image_id reviewed_field",
        "image_id reviewed_field draft_json annotator finding draft_version",
    ),
    _table(
        "review__queue",
        "image that people are asked to judge",
        "image_id",
        """image_id task_id queue fields priority asked_share machine_emotion machine_valence
        gold_distribution probe_field probe_json""",
        "machine_emotion machine_valence gold_distribution probe_field probe_json",
        plotted="queue",
    ),
    _table(
        "review__votes",
        "image, person, phase and field: the answer that stands",
        "image_id rater_id phase reviewed_field",
        _VOTE,
        """asked_share rating unknown_objects emotion_place rating_input draft_json duration_s
        guide_version""",
        plotted="vote",
    ),
    _table(
        "_review__probes",
        "answer to a draft that was wrong on purpose",
        "image_id rater_id phase reviewed_field",
        _VOTE,
        """asked_share rating unknown_objects emotion_place rating_input draft_json duration_s
        guide_version""",
    ),
    _table(
        "review__waiting",
        "queue and day: tasks that came in on the day and still wait for people",
        "queue day",
        "queue day open_task_count",
    ),
    _table(
        "review__records",
        "image that people judged: what they decided, and their spread",
        "image_id",
        """image_id outcome judgement_count emotion emotion_share named_share distribution
        felt_shares valence valence_sd arousal arousal_sd settled_json refused_fields
        draft_states_json absent_objects unknown_objects""",
        """emotion distribution felt_shares valence valence_sd arousal arousal_sd absent_objects
        unknown_objects""",
        plotted="outcome",
    ),
    _table(
        "review__agreement",
        "measure of agreement or care, and field",
        "measure judged_field",
        """measure judged_field estimate estimate_lower estimate_upper counted is_too_few""",
        "estimate estimate_lower estimate_upper",
    ),
    _table(
        "review__raters",
        "person who judged images in the review tool",
        "rater_id",
        """rater_id judgement_count machine_share checked_count accepted_count wrong_count
        wrong_accepted_count valence_count valence_offset valence_offset_lower valence_offset_upper
        valence_offset_shrunk valence_scale arousal_count arousal_offset arousal_offset_lower
        arousal_offset_upper arousal_offset_shrunk arousal_scale retest_count retest_emotion_share
        retest_emotion_lower retest_emotion_upper retest_valence_icc retest_arousal_icc gold_count
        gold_mass gold_mass_lower gold_mass_upper gold_expected gold_distance care_finding""",
        """machine_share valence_count valence_offset valence_offset_lower valence_offset_upper
        valence_offset_shrunk valence_scale arousal_count arousal_offset arousal_offset_lower
        arousal_offset_upper arousal_offset_shrunk arousal_scale retest_emotion_share
        retest_emotion_lower retest_emotion_upper retest_valence_icc retest_arousal_icc gold_mass
        gold_mass_lower gold_mass_upper gold_expected gold_distance care_finding""",
    ),
    _table(
        "review__inspection_draws",
        "inspection and image that was drawn for it",
        "inspection image_id",
        "inspection image_id inspected_stratum draw_no inclusion_share",
    ),
    _table(
        "review__study",
        "group of images and question of the user study: how many say yes",
        "study_group study_question",
        """study_group study_question participant_count studied_count yes_count answer_count
        yes_share yes_lower yes_upper""",
        "yes_share yes_lower yes_upper",
    ),
    _table(
        "review__inspections",
        "inspection and field: whether people accept what machines said",
        "inspection judged_field",
        """inspection judged_field drawn_count judged_count right_count right_share right_lower
        right_upper target_share acceptance""",
        "right_share right_lower right_upper",
        plotted="acceptance",
    ),
    _table(
        "expansion__queries",
        "verified triplet: the search query for more images of its kind, or why there is none",
        "triplet_id",
        """triplet_id emotion background attribute subject record_count class_deficit need status
        reason query image_cap""",
        "reason query",
        plotted="emotion",
    ),
    _table(
        "expansion__prompts",
        "prompt for a generated image: a verified triplet with one or two new parts",
        "prompt_id",
        """prompt_id parent_image_id donor_image_id split replaced background attribute subject
        intended_emotion need prompt seed""",
        plotted="intended_emotion",
    ),
    _table(
        "expansion__images",
        "prompt, if a generator is chosen: its image in sources/aigc, or why there is none",
        "prompt_id",
        """prompt_id parent_image_id generator status reason detail image_id path width_px height_px
        distance_bits""",
        "reason detail image_id path width_px height_px distance_bits",
        plotted="status",
    ),
    _table(
        "expansion__children",
        "generated image of the lake: its parent, its split, and the emotion it was found to evoke",
        "image_id",
        """image_id parent_image_id parent_split split generator seed prompt replaced
        intended_emotion emotion is_match reason""",
        """parent_image_id parent_split split seed prompt intended_emotion emotion is_match
        reason""",
        plotted="intended_emotion",
    ),
    _table(
        "expansion__intent_matches",
        "generator and intended emotion: how often the image was found to evoke it",
        "generator intended",
        """generator intended image_count judged_count match_count match_share match_lower
        match_upper""",
        "match_share match_lower match_upper",
    ),
    _table(
        "expansion__class_shares",
        "scope and emotion: preserved records and their share",
        "scope emotion",
        "scope emotion image_count class_share",
        "class_share",
    ),
    _table(
        "expansion__balance",
        "scope: balance of the emotions and coverage of rare triplets, before and after expansion",
        "scope",
        """scope image_count share_range_points share_variance triplet_count pair_count tail_count
        tail_covered_count tail_coverage""",
        "share_range_points share_variance tail_coverage",
    ),
    _table(
        "expansion__collected_rows",
        "row of a collected manifest: its file in sources/web, or why there is none",
        "manifest row",
        "manifest row status reason detail collected_from path image_id size_bytes",
        "reason detail collected_from path image_id size_bytes",
        plotted="status",
    ),
    _table(
        "texts__descriptions",
        "kept image: its visible content, without any emotion",
        "image_id",
        _TEXT,
        "reason text",
        plotted="status",
    ),
    _table(
        "texts__reasonings",
        "kept image: how its visible content leads to the reported emotions",
        "image_id",
        _TEXT,
        "reason text",
        plotted="status",
    ),
    _table(
        "texts__details",
        "kept image: content, emotions and levels in one answer",
        "image_id",
        _TEXT,
        "reason text",
        plotted="status",
    ),
    _table(
        "texts__evocations",
        "kept image: whether it evokes its emotions directly or by association",
        "image_id",
        f"{_TEXT} evoked_by",
        "reason text evoked_by",
        plotted="evoked_by",
    ),
    _table(
        "texts__comparisons",
        "pair of kept images and aspect: their similarities and differences",
        "first_image_id second_image_id aspect",
        f"first_image_id second_image_id aspect {_TEXT.removeprefix('image_id ')}",
        "reason text",
        plotted="status",
    ),
    _table(
        "texts__candidates",
        "kept image: an element that explains an emotion, two that do not, and who says so",
        "image_id",
        """image_id writer model method prompt_hash status reason emotion element distractors tries
        thing element_people explanation_people said_in explanation_count things
        explained_by""",
        """reason emotion element distractors thing element_people explanation_people said_in
        explanation_count things explained_by""",
        plotted="status",
    ),
    _table(
        "qa__items",
        "instruction of EEmoDB-QA",
        "template item_id",
        """item_id template category question_type claim image_ids question options answer
        answer_letter split sources facts""",
        "answer_letter",
        plotted="category",
    ),
    _table(
        "qa__blind_baseline",
        "question template with options: how well it is answered without its images",
        "template",
        """template question_type claim item_count option_count chance accuracy offered_accuracy
        reason""",
        "accuracy offered_accuracy reason",
        plotted="question_type",
    ),
    _table(
        "_qa__coverage",
        "kept image: its category of content, and the number of its questions or why it has none",
        "image_id",
        "image_id content_category category_origin item_count reason",
        "content_category category_origin reason",
    ),
    _table(
        "_qa__refusals",
        "kept image and reason: the question templates without an item about it",
        "image_id reason",
        "image_id reason templates",
    ),
    _table(
        "_qa__templates",
        "question template: its possible and actual questions, or why it has none",
        "template",
        "template category question_type claim candidate_count item_count most_uses reason",
        "reason",
    ),
    _table(
        "assess__items",
        "instruction of EEmoDB-Assess",
        "item_id",
        """item_id task dimension image_id semantics question answer candidates target split
        source""",
        "dimension target",
        plotted="task",
    ),
    _table(
        "_assess__candidates",
        "kept image and task: whether it became an item, or why not",
        "image_id task",
        "image_id task is_selected reason",
        "reason",
    ),
    _table(
        "assess__balance",
        "task, label set or dimension, and class or score bin: possible and selected items",
        "task balanced_over stratum",
        "task balanced_over stratum available_count cap selected_count",
        "cap",
    ),
    _table(
        "exports__files",
        "published file",
        "path",
        "path format dataset split row_count size_bytes sha256",
        "dataset split",
        plotted="format",
    ),
    _table(
        "_exports__violations",
        "entry of a published file that breaks a rule of its consumer; no rows are expected",
        "path item_id rule detail",
        "path item_id rule detail",
    ),
    _table(
        "training__runs",
        "training run: its job, what it was made with, what it used, and its scores",
        "run_id",
        """run_id recipe job method status reason base_model base_run_id seed recipe_hash
        environment environment_hash code_version data_versions train_count test_count step_count
        token_count train_loss mean_reward accuracy macro_f1 baseline_accuracy measures device
        gpu_hours usd path sha256""",
        """reason base_model base_run_id recipe_hash environment environment_hash code_version
        data_versions step_count token_count train_loss mean_reward accuracy macro_f1
        baseline_accuracy usd path sha256""",
    ),
    _table(
        "training__refusals",
        "recipe and sample that it did not train on, and why",
        "recipe sample_id reason",
        "recipe sample_id reason detail",
        "detail",
        plotted="reason",
    ),
    _table(
        "training__embeddings",
        "image and run of an embedding head: the emotion embedding of the image",
        "run_id image_id",
        "run_id image_id split embedding unit_embedding",
    ),
    _table(
        "evaluation__predictions",
        "item of a benchmark and model: the reply, how it is read, and what it is worth",
        "benchmark evaluated_model benchmark_item",
        """benchmark evaluated_model benchmark_item section subset item_group resampling_unit
        is_scored gold_answer protocol reply parsed_answer strict_answer answer_probability
        tolerant_mark strict_mark given_mark status reason""",
        """reply parsed_answer strict_answer answer_probability tolerant_mark strict_mark given_mark
        reason""",
        plotted="status",
    ),
    _table(
        "evaluation__scores",
        "number of a benchmark, model, group of items, set of items and marking: the score",
        "benchmark evaluated_model section number item_group item_set marking",
        """benchmark evaluated_model section number item_group marking protocol score_unit
        score_value score_lower score_upper printed_value counted_items item_set covered_share
        published_value published_difference score_note score_signature""",
        """score_value score_lower score_upper printed_value published_value published_difference
        score_note score_signature""",
    ),
    _table(
        "evaluation__comparisons",
        "task of a benchmark and two models: the difference on shared items, and its test",
        "benchmark section marking first_model second_model",
        """benchmark section marking first_model second_model shared_items first_mark second_mark
        mark_difference mark_difference_lower mark_difference_upper gained_count lost_count
        test_p_value test_p_adjusted""",
        "mark_difference_lower mark_difference_upper",
    ),
    *(
        _table(
            name,
            f"{grain}, number and seed: the score, and its difference from a reference arm",
            "study tested_on study_arm number study_seed",
            """study tested_on study_arm number study_seed status reason score_unit score_value
            score_lower score_upper counted_items counted_clusters train_count reference_arm
            arm_difference arm_difference_lower arm_difference_upper test_p_value test_p_adjusted
            published_value published_source score_note""",
            """reason score_unit score_value score_lower score_upper counted_items counted_clusters
            train_count reference_arm arm_difference arm_difference_lower arm_difference_upper
            test_p_value test_p_adjusted published_value published_source score_note""",
            plotted=plotted,
        )
        for name, grain, plotted in (
            ("_evaluation__attribute_ablations", "set of attributes left out or used alone", None),
            ("_evaluation__data_mixings", "mix of the images of two sources", None),
            ("_evaluation__source_transfers", "source fitted on and source tested", None),
            ("_evaluation__visual_baselines", "kind of frozen features", None),
            ("evaluation__studies", "study, tested images, arm", "study"),
        )
    ),
    _table(
        "batches__jobs",
        "batch of a provider: its state, the outcomes of its rows, its cost",
        "batch_id",
        """batch_id stage model_role provider model batch_state is_collected row_count size_bytes
        answered_count declined_count malformed_count failed_count expired_count not_run_count
        waiting_count
        stray_count usd""",
    ),
    _table(
        "release__versions",
        "release of the data root",
        "release_no",
        """release_no release_state detail title licence released_count image_count has_image_files
        withheld_count package_version digest previous_digest""",
        """detail title licence released_count image_count has_image_files withheld_count
        package_version digest previous_digest""",
        plotted="release_state",
    ),
    _table(
        "release__files",
        "file of a release",
        "path",
        "release_no path config split row_count size_bytes sha256",
        "config split",
        plotted="config",
    ),
    _table(
        "release__rows",
        "release and released item, record or image",
        "release_no config row_id",
        "release_no config row_id image_ids split licences",
        plotted="config",
    ),
    _table(
        "gate__edits",
        "value that a person changed in a table by hand",
        "edited_table edit_no edited_key edited_column",
        """edited_table edit_no edited_key edited_column old_json new_json found_json edited_by
        edited_at edit_state""",
        "found_json",
        plotted="edit_state",
    ),
    _table(
        "costs__calls",
        "stage, role and called model: calls, answers and cost over the ledger's lifetime",
        "stage model_role provider model",
        """stage model_role provider model call_count answered_count declined_count
        malformed_count limited_count failed_count unanswered_count retry_count found_count
        input_tokens output_tokens cached_tokens estimated_count unpriced_count usd
        usd_at_most""",
    ),
    _table(
        "costs__days",
        "day, stage, role and called model: calls to providers and their cost",
        "day stage model_role provider model",
        "day stage model_role provider model call_count usd",
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in _ALL}
