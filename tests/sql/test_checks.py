"""Every check passes on tables in which its rule holds, and catches one planted violation."""

import pytest

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.lake.sql_checks import list_checks, read_check, run_check
from eemo_pipeline.lake.warehouse import open_tables
from eemo_pipeline.schema.tables import TABLES

CHECKS = [(table, check) for table in TABLES for check in list_checks(table)]
GONE = "dd" * 32
FIRST = "00" * 32
YES_NO = ["Yes", "No"]
PATTERN = {
    **{"source": "folder", "fold": 0, "verifier_emotion": "any", "voice": "verifier"},
    **{"image_count": 5, "right_count": 3},
}

WEIGHT = {
    **{"source": "folder", "fold": 0, "round": 1, "drawn_from": "votes", "chosen_as": "rival"},
    **{"verifier_side": "any", "candidate": "chosen", "image_count": 5},
}


def change(table, number=0, **values):
    """Plant: overwrite values of one row."""

    def plant(world):
        world[table][number].update(values)

    return plant


def drop(table, number=0):
    """Plant: lose one row."""

    def plant(world):
        del world[table][number]

    return plant


def add(table, **values):
    """Plant: one row more, otherwise like the first."""

    def plant(world):
        like = world[table][0] if world[table] else {}
        world[table].append({**like, **values})

    return plant


def change_all(table, **values):
    """Plant: overwrite values of every row."""

    def plant(world):
        for row in world[table]:
            row.update(values)

    return plant


def keep(table, count):
    """Plant: only the first rows remain."""

    def plant(world):
        del world[table][count:]

    return plant


def unlike_pairs(world):
    """Plant: a hundred questions about two images of different content."""
    world["_qa__coverage"][1]["content_category"] = "object"
    pair = {"category": "pair_perception", "image_ids": [FIRST, "01" * 32]}
    world["qa__items"] += [{**world["qa__items"][0], **pair} for _ in range(100)]


PLANTS = {
    ("sources__datasets", "sources_are_complete"): [
        change("sources__datasets", state="absent"),
        change("sources__datasets", state="partial"),
    ],
    ("_ingest__counts", "counts_add_up"): [change("_ingest__counts", refused=0)],
    ("ingest__rejects", "files_are_conserved"): [
        drop("ingest__rejects"),
        drop("ingest__records", 5),
        drop("_ingest__counts"),
        add("ingest__rejects", path="0.jpg"),
    ],
    ("ingest__rejects", "rows_are_conserved"): [
        drop("ingest__rejects", 1),
        drop("ingest__annotations"),
        drop("ingest__words"),
        change("ingest__rejects", 1, row=1),
        change("ingest__rejects", 1, path="words.csv", row=1),
    ],
    ("ingest__annotations", "records_exist"): [
        change("ingest__annotations", record_id="unknown"),
        change("ingest__annotations", image_id=GONE),
    ],
    ("ingest__annotations", "annotations_are_counted"): [
        change("ingest__records", annotation_count=2)
    ],
    ("ingest__annotations", "weights_fit_labels"): [
        change("ingest__annotations", native_weights=[0.5, 0.5]),
        change("ingest__annotations", native_labels=None),
    ],
    ("_ingest__measurements", "pictures_are_measured"): [
        drop("_ingest__measurements", 3),
        add("_ingest__measurements", image_id=GONE),
    ],
    ("ingest__images", "pictures_are_conserved"): [
        drop("ingest__images", 3),
        add("ingest__images", image_id=GONE),
        change("ingest__images", occurrence_count=1),
    ],
    ("dedup__clusters", "pictures_are_conserved"): [
        drop("dedup__clusters"),
        add("dedup__clusters", image_id=GONE),
    ],
    ("dedup__clusters", "kept_pictures_stand_for_dropped_ones"): [
        change("dedup__clusters", -1, kept_image_id=GONE),
        change("dedup__clusters", -1, kept_image_id=FIRST),
        change("dedup__clusters", is_kept=False),
    ],
    ("_dedup__embeddings", "pictures_are_conserved"): [
        add("_dedup__embeddings", image_id=FIRST),
        add("_dedup__embeddings", image_id=GONE),
    ],
    ("dedup__edges", "edges_stay_in_clusters"): [
        change("dedup__edges", cluster_id=FIRST),
        change("dedup__edges", other_image_id="fe" * 32),
        add("dedup__edges", image_id=FIRST, other_image_id="02" * 32),
    ],
    ("dedup__edges", "clusters_have_edges"): [drop("dedup__edges")],
    ("dedup__edges", "edges_are_within_their_radius"): [
        change("dedup__edges", distance_bits=11),
        change("dedup__edges", tier="embedding", distance_bits=None),
        change("dedup__edges", tier="embedding", distance_bits=None, model="m", cosine=0.89),
    ],
    ("expansion__queries", "triplets_are_conserved"): [
        drop("expansion__queries"),
        add("expansion__queries", triplet_id="other", subject="t"),
    ],
    ("expansion__queries", "query_or_reason"): [
        change("expansion__queries", query="a s in b"),
        change("expansion__queries", reason=None),
        change("expansion__queries", status="ok", reason=None, query="a s in b"),
    ],
    ("expansion__prompts", "parents_train"): [
        change("expansion__prompts", parent_image_id="09" * 32),
        change("expansion__prompts", donor_image_id=GONE),
        change("dedup__images", is_evaluation=True),
    ],
    ("expansion__prompts", "one_or_two_parts_are_new"): [
        change("expansion__prompts", replaced=[]),
        change("expansion__prompts", replaced=["subject", "attribute", "background"]),
        change("expansion__prompts", intended_emotion="awe"),
        change("expansion__prompts", background="another"),
    ],
    ("expansion__images", "prompts_are_conserved"): [
        add("expansion__images", prompt_id="other"),
        add("expansion__prompts", prompt_id="other"),
    ],
    ("expansion__images", "image_or_reason"): [
        change("expansion__images", path=None),
        change("expansion__images", reason="other_size"),
        change("expansion__images", status="refused"),
    ],
    ("expansion__children", "children_follow_their_parents"): [
        add("expansion__children", split="train", parent_split="test")
    ],
    ("expansion__children", "generated_pictures_are_conserved"): [
        add("expansion__children", image_id=FIRST),
        add("expansion__children", image_id=GONE),
    ],
    ("expansion__intent_matches", "counts_add_up"): [
        add("expansion__intent_matches", intended="all", image_count=1),
        add("expansion__children", image_id=FIRST),
    ],
    ("expansion__balance", "shares_give_the_balance"): [
        change("expansion__balance", image_count=1),
        change("expansion__class_shares", class_share=0.5),
        change("expansion__balance", share_variance=8.18),
    ],
    ("expansion__collected_rows", "file_or_reason"): [
        change("expansion__collected_rows", path=None),
        change("expansion__collected_rows", status="refused"),
        change("expansion__collected_rows", reason="too_large"),
    ],
    ("dedup__images", "pictures_are_conserved"): [
        drop("dedup__images"),
        add("dedup__images", image_id="ee" * 32),
        add("dedup__images", image_id=GONE),
    ],
    ("dedup__images", "clusters_do_not_cross_splits"): [
        add("dedup__images", image_id=GONE, split="test")
    ],
    ("dedup__images", "evaluation_never_trains"): [change("sources__datasets", role="evaluation")],
    ("labels__emotions", "images_exist"): [change("labels__emotions", image_id=GONE)],
    ("labels__emotions", "mass_sums_to_one"): [
        change("labels__emotions", mass=0.99),
        change("labels__emotions", 1, lost_mass=0.0),
    ],
    ("labels__emotions", "few_labels"): [keep("labels__emotions", 3 * 79)],
    ("labels__vad", "images_exist"): [change("labels__vad", image_id=GONE)],
    ("labels__vad", "one_row_is_best"): [
        change("labels__vad", is_best=False),
        change("labels__vad", -1, is_best=True),
    ],
    ("labels__validation_answers", "answer_or_reason"): [
        change("labels__validation_answers", expert_level=None),
        change("labels__validation_answers", reason="no_answer"),
        change("labels__validation_answers", status="refused"),
    ],
    ("labels__validation_agreement", "answers_are_counted"): [
        change("labels__validation_agreement", answer_count=2),
        drop("labels__validation_agreement"),
        drop("labels__validation_answers"),
    ],
    ("labels__validation_agreement", "experts_confirm_the_lexicon"): [
        change("labels__validation_agreement", image_count=20, weighted_kappa=0.3),
    ],
    ("review__votes", "a_person_judges_first"): [
        change("review__votes", 1, event_no=0),
        drop("review__votes"),
    ],
    ("review__agreement", "people_agree"): [
        change("review__agreement", estimate=0.39),
        add("review__agreement", measure="wrong_accepted", judged_field="any", estimate=0.31),
    ],
    ("review__inspections", "people_accept_the_records"): [
        add("review__inspections", acceptance="rejected")
    ],
    ("labels__reviews", "mass_sums_to_one"): [
        change("labels__reviews", mass=0.9),
        change("labels__reviews", lost_mass=0.1),
    ],
    ("records__aigiemo", "votes_are_whole"): [
        change("records__aigiemo", judgement_count=2),
        change("records__aigiemo", felt_emotions=["awe", ""]),
        change("records__aigiemo", also_felt=[]),
        change("records__aigiemo", felt_valences=[1, 2]),
        change("records__aigiemo", felt_arousals=[]),
    ],
    ("review__records", "judged_images_are_there"): [
        add("review__records", image_id="f" * 64, outcome="decided", judgement_count=3),
    ],
    ("records__aigiemo", "ratings_fit_the_emotion"): [change("records__aigiemo", rating_gap=2.51)],
    ("records__aigiemo", "selection_is_balanced"): [
        change("records__aigiemo", is_selected=False),
        add("records__aigiemo", image_id=GONE),
    ],
    ("labels__label_points", "ratings_have_one_scaling"): [
        change("labels__label_points", rating_rule="(x-1)/9")
    ],
    ("labels__label_points", "clusters_are_as_published"): [
        add("labels__label_points", label="peace", label_count=50, is_as_published=False)
    ],
    ("labels__label_fates", "shares_sum_to_one"): [
        change("labels__label_fates", label_share=0.8),
        change("labels__label_fates", emotion=None),
    ],
    ("_labels__coverage", "annotations_are_conserved"): [
        drop("_labels__coverage"),
        change("_labels__coverage", annotation_count=3),
        add("_labels__coverage", source="oasis"),
    ],
    ("_labels__coverage", "duplicates_lose_no_label"): [
        change("_labels__coverage", reason="not_kept"),
    ],
    ("labels__rankings", "pictures_are_conserved"): [
        drop("labels__rankings"),
        change("labels__rankings", image_id=GONE),
    ],
    ("labels__rankings", "ranking_follows_mass"): [
        change("labels__rankings", ranking=["disgust", "anger"], dominant_emotion="disgust"),
        change("labels__rankings", dominant_emotion="joy"),
        change("labels__rankings", ranking=["anger", "anger"]),
        change("labels__rankings", ranking=["anger", "joy"]),
        change("labels__rankings", ranking=["disgust", "anger"], decided_by="order"),
    ],
    ("labels__rankings", "emotion_balance"): [
        change_all("labels__rankings", dominant_emotion="joy")
    ],
    ("annotation__replies", "pictures_are_conserved"): [
        drop("annotation__replies"),
        change("annotation__replies", image_id=GONE),
        keep("annotation__replies", 0),
    ],
    ("annotation__replies", "alternatives_have_probabilities"): [
        change("annotation__replies", alternative_probabilities=[0.2, 0.3]),
        change("annotation__replies", alternative_probabilities=[1.1]),
    ],
    ("annotation__replies", "failures_have_reasons"): [
        change("annotation__replies", status="refused"),
        change("annotation__replies", emotion=None),
    ],
    ("annotation__replies", "attributes_are_not_templates"): [
        change_all("annotation__replies", emotion="fear", attribute=" Fearful"),
        change_all("annotation__replies", emotion="awe", attribute="awe"),
    ],
    ("annotation__replies", "annotators_beat_chance"): [
        change_all("annotation__replies", emotion="awe")
    ],
    ("_verification__features", "pictures_are_conserved"): [drop("_verification__features")],
    ("verification__replies", "pictures_are_conserved"): [
        drop("verification__replies"),
        keep("verification__replies", 0),
    ],
    ("verification__replies", "distribution_sums_to_one"): [
        change("verification__replies", distribution=[1.0, 0.1, 0, 0, 0, 0, 0, 0]),
        change("verification__replies", distribution=[1.0]),
        change("verification__replies", probability=0.9),
        change("verification__replies", emotion="fear"),
    ],
    ("verification__replies", "abstentions_have_reasons"): [
        change("verification__replies", status="abstain"),
        change("verification__replies", probability=None),
    ],
    ("verification__patterns", "counts_add_up"): [
        add("verification__patterns", **PATTERN, pattern="any"),
        add("verification__patterns", **PATTERN, pattern="unanimous"),
    ],
    ("verification__decisions", "pictures_are_conserved"): [drop("verification__decisions")],
    ("verification__decisions", "distribution_sums_to_one"): [
        change("verification__decisions", distribution=[0.5] * 8)
    ],
    ("grounding__regions", "pictures_are_conserved"): [
        drop("grounding__regions"),
        add("grounding__regions", image_id=GONE),
    ],
    ("grounding__regions", "box_inside_picture"): [
        change("grounding__regions", x2_px=100.6),
        change("grounding__regions", y2_px=81.0),
        change("grounding__regions", x1_px=99.0),
    ],
    ("grounding__regions", "region_zero_stands_alone"): [
        change("grounding__regions", region_no=0),
        change("grounding__regions", x1_px=None),
        add("grounding__regions", region_no=0, x1_px=None, reason="no_subject"),
    ],
    ("grounding__regions", "masks_fill_their_raster"): [
        change("grounding__regions", mask_counts=[1, 4]),
        change("grounding__regions", mask_size_px=None),
    ],
    ("critic__verdicts", "pictures_are_conserved"): [
        drop("critic__verdicts"),
        change("critic__verdicts", image_id=GONE),
    ],
    ("critic__verdicts", "revisions_are_instructed"): [
        change("critic__verdicts", verdict="revisable"),
        change("critic__verdicts", codes=["A1"]),
    ],
    ("critic__queue", "open_fields_have_a_task"): [
        change("critic__verdicts", verdict="revisable", instruction="again"),
        change("critic__verdicts", verdict="unjudged"),
        add("critic__queue", image_id=FIRST, field="emotion"),
    ],
    ("_critic__replies", "revisions_follow_a_reply"): [
        add("_critic__replies", image_id=FIRST, annotator="ann", round=1),
        add("_critic__replies", image_id=FIRST, annotator="zoe", round=2),
    ],
    ("_critic__replies", "revisions_were_asked_for"): [
        add("_critic__replies", image_id=FIRST, annotator="ann", round=2)
    ],
    ("verification__words", "words_are_an_annotators"): [
        change("verification__words", text="a blend"),
        change("verification__words", annotator="zoe"),
    ],
    ("critic__steps", "steps_belong_to_a_pass"): [
        change("critic__steps", field="scene"),
        add("critic__steps", round=2),
    ],
    ("critic__word_choices", "word_choices_are_between_two"): [
        change("critic__word_choices", text="a blend"),
        change("critic__word_choices", evidence=[]),
        change("critic__word_choices", candidates=["a thing"]),
        change("critic__word_choices", annotator=None),
    ],
    ("verification__words", "contested_words_name_both"): [
        change("verification__words", agreement="contested", other_text=None),
        change("verification__words", agreement="agreed", other_text="a thing"),
    ],
    ("critic__choices", "choices_are_between_two"): [
        change("critic__choices", evidence=[]),
        change("critic__choices", chosen="anger"),
        change("critic__choices", settled_emotion="anger"),
        change("critic__choices", candidates=["awe"]),
        change("critic__choices", is_accepted=True, lower_bound=None),
    ],
    ("critic__weights", "counts_add_up"): [
        add("critic__weights", **WEIGHT, right_count=6),
        add("critic__weights", **WEIGHT, right_count=1, is_accepted=True, is_chosen=False),
    ],
    ("records__emoverse", "asking_again_settles_nothing"): [
        change("verification__decisions", is_contested=True)
    ],
    ("records__emoverse", "pictures_are_conserved"): [drop("records__emoverse")],
    ("records__emoverse", "preserved_records_are_whole"): [
        change("records__emoverse", emotion=None),
        change("records__emoverse", subject=None),
        change("records__emoverse", state="human"),
        change("records__emoverse", state="absent", reason="odd"),
        change("records__emoverse", is_contested=True),
    ],
    ("records__emoverse", "distribution_sums_to_one"): [
        change("records__emoverse", distribution=[0.5] * 8)
    ],
    ("records__emoverse", "split_is_the_pictures"): [change("records__emoverse", split="test")],
    ("records__emoverse", "boxes_are_inside_the_image"): [
        change("records__emoverse", boxes_px=[0, 0, 5]),
        change("records__emoverse", boxes_px=[0, 0, 5, 5, 4, 0, 4, 5]),
        change("records__emoverse", boxes_px=[0, 0, 5, 100_000]),
    ],
    ("records__emoverse", "joined_triplet_follows"): [
        change("records__emoverse", joined_triplet="a-b"),
        change("records__emoverse", background=None),
    ],
    ("records__emoverse", "texts_have_authors"): [
        change("records__emoverse", word_annotators=["ann", "", "ann", "ann"]),
        change("records__emoverse", word_annotators=["ann"] * 3),
        change("records__emoverse", description=None),
    ],
    ("records__regions", "boxes_are_the_records"): [
        drop("records__regions"),
        add("records__regions", region_no=2),
        change("records__emoverse", boxes_px=None),
    ],
    ("records__regions", "masks_fill_their_raster"): [
        change("records__regions", mask_counts=[1, 4]),
        change("records__regions", mask_counts=None),
    ],
    ("records__links", "words_and_regions_exist"): [
        change("records__links", linked_text="other words"),
        change("records__links", region_no=2),
        drop("records__regions"),
        drop("records__emoverse"),
    ],
    ("records__links", "every_word_is_linked"): [
        drop("records__links"),
        add("records__links"),
        add("records__regions", region_no=2),
    ],
    **{
        (f"texts__{kind}", check): plants
        for kind in ("descriptions", "reasonings", "details", "evocations")
        for check, plants in {
            "pictures_are_conserved": [drop(f"texts__{kind}")],
            "text_or_reason": [
                change(f"texts__{kind}", text=" "),
                change(f"texts__{kind}", status="refused"),
            ],
        }.items()
    },
    ("texts__evocations", "verdict_is_given"): [
        change("texts__evocations", evoked_by=None),
        change("texts__evocations", status="refused"),
    ],
    ("texts__candidates", "pictures_are_conserved"): [drop("texts__candidates")],
    ("texts__candidates", "distractors_are_not_told"): [
        change("texts__candidates", element_people=None),
        change("texts__candidates", element_people=2),
        change("texts__candidates", distractors=["cliff", "words"]),
        change("texts__candidates", distractors=["lake", "dog"]),
        change("texts__candidates", distractors=["dog", "dog"]),
        change("texts__candidates", status="refused"),
    ],
    ("texts__candidates", "elements_are_said"): [
        change("texts__candidates", element="sky"),
        change("texts__candidates", said_in=["oasis"]),
        change("texts__candidates", distractors=["still", "dog"]),
        change("ingest__annotations", comment=None),
    ],
    ("texts__evocations", "verdicts_need_comments"): [
        change("ingest__annotations", comment=None),
        change("ingest__annotations", comment=" "),
    ],
    ("texts__reasonings", "order_is_that_of_the_ranking"): [
        change("labels__rankings", ranking=None),
        change("texts__reasonings", writer="template_realiser"),
    ],
    ("texts__comparisons", "text_or_reason"): [
        change("texts__comparisons", text=" "),
        change("texts__comparisons", status="refused"),
    ],
    ("texts__comparisons", "pictures_share_a_split"): [
        change("texts__comparisons", second_image_id=GONE),
        change("texts__comparisons", second_image_id="09" * 32),
        change("texts__comparisons", second_image_id=FIRST),
        change("dedup__images", is_evaluation=True),
        add("texts__comparisons", second_image_id="02" * 32),
    ],
    ("qa__items", "images_exist"): [
        change("qa__items", image_ids=[FIRST, GONE]),
        change("qa__items", image_ids=[FIRST, FIRST]),
        change("qa__items", image_ids=[]),
        change("dedup__images", is_evaluation=True),
    ],
    ("qa__items", "items_are_identified"): [
        change("qa__items", item_id="0123456789abcdef"),
        change("qa__items", question="Which one?"),
        add("qa__items"),
    ],
    ("qa__items", "questions_name_what_they_ask"): [
        change("qa__items", facts='{"asked": "joy"}'),
        change("qa__items", question="Which joy?"),
    ],
    ("qa__items", "templates_ask_one_kind"): [
        change("qa__items", claim="present"),
        change("qa__items", question_type="open"),
        change("qa__items", options=["joy", "fear"]),
        change("qa__items", facts='{"dimension": "valence"}'),
    ],
    ("qa__items", "sources_are_those_of_the_pictures"): [
        change("qa__items", sources=["oasis"]),
        change("qa__items", 1, sources=["folder"]),
    ],
    ("qa__items", "pictures_are_not_overused"): [
        add("qa__items", item_id="another"),
    ],
    ("qa__items", "yes_and_no_are_balanced"): [
        change_all("qa__items", answer_letter="A"),
        add("qa__items", template="z", options=YES_NO, answer="Yes", facts='{"asked": "joy"}'),
        add("qa__items", template="z", options=["low", "high"], answer="low"),
    ],
    ("qa__items", "facts_are_the_labels"): [
        change("qa__items", facts='{"dominant_emotion": "bliss"}'),
        change("qa__items", facts='{"valence": 0.77}'),
        change("qa__items", facts='{"arousal_level": "high"}'),
        change("labels__rankings", dominant_emotion="bliss"),
    ],
    ("qa__items", "emotions_follow_from_rankings"): [
        change("qa__items", answer="bliss"),
        change("qa__items", options=["bliss", "anger", "joy"]),
        change("labels__rankings", dominant_emotion=None),
        add("qa__items", claim="in_top3", facts='{"asked": "bliss"}', options=YES_NO, answer="Yes"),
        add("qa__items", claim="ranking", options=[], answer="anger, disgust"),
    ],
    ("qa__items", "levels_follow_from_ratings"): [
        add(
            "qa__items",
            claim="level_is",
            facts='{"dimension": "valence", "asked": "positive"}',
            options=YES_NO,
            answer="Yes",
        ),
        add(
            "qa__items",
            claim="level",
            facts='{"dimension": "arousal"}',
            options=["low", "moderate", "high"],
            answer="low",
        ),
    ],
    ("qa__items", "causes_follow_from_explanations"): [
        add(
            "qa__items",
            claim="caused_by",
            facts='{"emotion": "joy", "element": "dog"}',
            options=YES_NO,
            answer="Yes",
        ),
        add(
            "qa__items",
            claim="cause",
            facts='{"emotion": "fear"}',
            options=["lake", "cliff", "dog"],
            answer="lake",
        ),
        add("qa__items", claim="explained_by", options=["Both", "Details"], answer="Both"),
    ],
    ("qa__items", "conflicts_follow_from_votes"): [
        add("qa__items", claim="conflict", options=YES_NO, answer="Yes"),
        change("qa__items", claim="conflict"),
    ],
    ("qa__items", "origins_are_stated"): [
        change("qa__items", facts="{}"),
        change("qa__items", facts='{"origin":[{"stated_by":"nobody"}]}'),
        change("qa__items", facts='{"origin":[{"stated_by":"votes","sources":["oasis"]}]}'),
        change("qa__items", facts='{"origin":[{"stated_by":"ratings","origin":"rated:iaps"}]}'),
        change("qa__items", image_ids=[FIRST, "01" * 32]),
    ],
    ("qa__items", "viewers_and_depicted_people_are_apart"): [
        change("qa__items", facts='{"felt_by": "depicted"}'),
        change("qa__items", question="What do the people in it feel?"),
        change("labels__emotions", 1, semantics="apparent"),
    ],
    ("qa__items", "pairs_share_their_content"): [unlike_pairs],
    ("qa__blind_baseline", "questions_need_the_image"): [
        change("qa__blind_baseline", accuracy=0.5),
        change("qa__blind_baseline", offered_accuracy=0.5),
    ],
    ("qa__blind_baseline", "accuracies_follow_from_the_items"): [
        change("qa__blind_baseline", accuracy=0.4),
        change("qa__blind_baseline", accuracy=None),
        drop("qa__items"),
    ],
    ("qa__blind_baseline", "baselines_cover_the_items"): [
        drop("qa__blind_baseline"),
        drop("qa__items"),
        change("qa__blind_baseline", option_count=2),
        change("qa__blind_baseline", chance=0.5),
    ],
    ("qa__items", "written_answers_are_the_texts"): [
        add(
            "qa__items",
            claim="written",
            facts='{"text": "texts__details"}',
            options=[],
            answer="Three words",
        ),
    ],
    ("_qa__refusals", "pictures_are_conserved"): [
        add("_qa__refusals", image_id=FIRST, reason="not_drawn", templates=["x"]),
        add("_qa__refusals", image_id=GONE, reason="not_drawn", templates=["x"]),
        drop("qa__items"),
    ],
    ("_qa__templates", "items_are_counted"): [
        drop("_qa__templates"),
        drop("qa__items"),
        change("_qa__templates", most_uses=2),
        change("_qa__templates", candidate_count=1),
        change("_qa__templates", reason="no_ranking"),
    ],
    ("qa__items", "clusters_do_not_cross_splits"): [
        change("qa__items", image_ids=["00" * 32, "09" * 32])
    ],
    ("qa__items", "answer_is_an_option"): [
        change("qa__items", answer="Maybe"),
        change("qa__items", answer_letter="A"),
        change("qa__items", answer_letter=None),
        change("qa__items", options=["No", "No"]),
    ],
    ("qa__items", "open_questions_have_no_letter"): [
        change("qa__items", options=[]),
        change("qa__items", answer=" "),
    ],
    ("_qa__coverage", "pictures_are_conserved"): [drop("_qa__coverage")],
    ("_qa__coverage", "items_are_counted"): [
        change("_qa__coverage", item_count=2),
        drop("qa__items"),
    ],
    ("assess__items", "images_exist"): [
        change("assess__items", image_id=GONE),
        change("assess__items", split="test"),
    ],
    ("assess__items", "answer_fits_task"): [
        change("assess__items", answer="Emotion ranking: anger, bliss"),
        change("assess__items", 1, answer="Valence: 0.7"),
        change("assess__items", 1, answer="Valence: high"),
        change("assess__items", 1, dimension=None),
        change("assess__items", 2, answer="Dominant emotion: bliss"),
        change("assess__items", 2, answer="joy"),
    ],
    ("assess__items", "candidates_have_one_order"): [
        change("assess__items", 2, candidates=["joy", *(e for e in EKMAN_7 if e != "joy")]),
        change("assess__items", 2, question="Which one?"),
    ],
    ("_assess__candidates", "pictures_are_conserved"): [
        drop("_assess__candidates"),
        change("_assess__candidates", image_id=GONE),
    ],
    ("_assess__candidates", "selected_pictures_have_items"): [
        drop("assess__items"),
        change("_assess__candidates", is_selected=False, reason="class_full"),
    ],
    ("assess__balance", "caps_are_kept"): [
        change("assess__balance", cap=0),
        change("assess__balance", selected_count=0),
    ],
    ("assess__balance", "items_are_counted"): [
        drop("assess__balance"),
        change("assess__balance", selected_count=2),
        change("assess__balance", available_count=0),
        drop("assess__items"),
    ],
    ("exports__files", "rows_are_conserved"): [
        change("exports__files", row_count=1),
        drop("exports__files"),
        keep("exports__files", 0),
        add("exports__files", format="parquet", path="exports/parquet/a", dataset="assess"),
        add("exports__files", format="emoverse", path="exports/emoverse/card/a", dataset="records"),
        drop("qa__items"),
    ],
    ("_exports__violations", "no_rule_is_broken"): [
        add("_exports__violations", path="exports/llava/qa_train.jsonl", item_id="1", rule="r"),
    ],
    ("training__runs", "splits_are_respected"): [
        change("training__runs", train_count=1000),
        change("training__runs", test_count=9),
    ],
    ("training__runs", "finished_runs_have_scores"): [
        change("training__runs", accuracy=None),
        change("training__runs", status="skipped"),
        change("training__runs", 1, train_loss=None),
        change("training__runs", 1, mean_reward=None),
        change("training__runs", 2, path=None),
    ],
    ("evaluation__studies", "arms_have_a_score_or_a_reason"): [
        change("evaluation__studies", score_value=None),
        change("evaluation__studies", status="missing"),
        change("evaluation__studies", reference_arm="emotion6"),
    ],
    ("training__embeddings", "lengths_are_right"): [
        change("training__embeddings", unit_embedding=[0.6, 0.9]),
        change("training__embeddings", embedding=[3.0]),
    ],
    ("training__embeddings", "no_evaluation_image"): [
        change_all("dedup__images", is_evaluation=True),
    ],
    ("training__refusals", "recipes_have_runs"): [change("training__refusals", recipe="sft")],
    ("training__runs", "models_beat_baseline"): [change("training__runs", accuracy=0.2)],
    ("batches__jobs", "rows_are_conserved"): [
        change("batches__jobs", row_count=7),
        change("batches__jobs", not_run_count=1),
        change("batches__jobs", 1, waiting_count=0),
    ],
    ("batches__jobs", "collected_batches_wait_for_nothing"): [
        change("batches__jobs", expired_count=0, waiting_count=1),
        change("batches__jobs", is_collected=False),
        change("batches__jobs", 1, batch_state="intended"),
    ],
    ("release__versions", "releases_are_whole"): [
        change("release__versions", release_state="damaged"),
        change("release__versions", 1, previous_digest="d0"),
    ],
    ("release__rows", "rows_are_those_of_the_files"): [
        drop("release__rows"),
        drop("release__files"),
        change("release__files", row_count=2),
    ],
    ("gate__edits", "edits_hold"): [
        change("gate__edits", edit_state="value_has_changed"),
        change("gate__edits", edit_state="row_is_gone"),
    ],
    ("costs__calls", "calls_are_conserved"): [
        change("costs__calls", call_count=7),
        change("costs__calls", retry_count=7),
        change("costs__calls", estimated_count=7),
        change("costs__calls", unpriced_count=7),
        change("costs__calls", unanswered_count=1, call_count=7),
        change("costs__calls", usd_at_most=0.0),
    ],
    ("costs__calls", "embedded_models_cost_nothing"): [
        change("costs__calls", 1, usd=0.01),
        change("costs__calls", 1, output_tokens=1),
    ],
    ("costs__calls", "models_that_answered_are_counted"): [
        change_all("costs__calls", model="another"),
        change("annotation__replies", model="another"),
    ],
}
PLANTED = [
    pytest.param(table, check, plant, id=f"{table}/{check}-{number}")
    for (table, check), plants in PLANTS.items()
    for number, plant in enumerate(plants)
]


def test_every_check_has_a_planted_violation():
    assert sorted(PLANTS) == sorted(CHECKS)


def test_every_check_passes_where_its_rule_holds(world, write, tmp_path):
    write(world, tmp_path)
    with open_tables(tmp_path) as connection:
        outcomes = [run_check(connection, table, check) for table, check in CHECKS]
    assert [outcome for outcome in outcomes if outcome.bad_rows] == []


def test_on_empty_tables_no_rule_is_broken(tmp_path):
    with open_tables(tmp_path) as connection:
        outcomes = [run_check(connection, table, check) for table, check in CHECKS]
    assert {o.name for o in outcomes if o.bad_rows and o.severity == "error"} == set()


@pytest.mark.parametrize(("table", "check", "plant"), PLANTED)
def test_a_planted_violation_is_caught(world, write, tmp_path, table, check, plant):
    plant(world)
    write(world, tmp_path)
    with open_tables(tmp_path, [read_check(table, check).sql]) as connection:
        outcome = run_check(connection, table, check)
    assert outcome.bad_rows > 0
    assert len(outcome.examples) == min(5, outcome.bad_rows)


@pytest.mark.parametrize(("table", "check"), CHECKS)
def test_a_check_reads_nothing_downstream_of_its_table(table, check):
    later = list(TABLES)[list(TABLES).index(table) + 1 :]
    same_stage = {name for name in later if TABLES[name].stage == TABLES[table].stage}
    words = set(read_check(table, check).sql.replace(".", " ").replace(")", " ").split())
    assert words & (set(later) - same_stage) == set()


@pytest.mark.parametrize(("table", "check"), CHECKS)
def test_a_check_states_its_rule(table, check):
    statement = read_check(table, check)
    assert len(statement.description) > 20
    assert statement.description.endswith(".")
    assert statement.severity in {"error", "warn"}
