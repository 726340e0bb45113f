-- One row per study, tested images, arm and number, over all seeds: the score, its interval, its
-- difference from a reference arm, and what others have published.
--
-- arm: What was left out, added or exchanged; of sources, their names
-- value: The score in its unit
-- lower: Lower end of its 95 % interval
-- upper: Upper end of its 95 % interval
-- items: Answers that count, over all seeds
-- clusters: Near-duplicate clusters that count
-- difference: The score minus that of the reference arm
-- p: P of the difference, adjusted for the arms of the study
-- published: What others have published of such an arm
-- note: Why the two may differ, or what the value counts
select
    study,
    tested_on,
    study_arm as arm,
    number,
    round(score_value, 2) as value,
    round(score_lower, 2) as lower,
    round(score_upper, 2) as upper,
    score_unit,
    counted_items as items,
    counted_clusters as clusters,
    train_count,
    reference_arm,
    round(arm_difference, 2) as difference,
    round(test_p_adjusted, 4) as p,
    coalesce(reason, status) as status,
    published_value as published,
    published_source,
    score_note as note
from evaluation__studies
where study_seed = 'all'
order by study, score_value is null, tested_on, number, value desc, arm
