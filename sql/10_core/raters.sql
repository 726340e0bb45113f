-- One row per person who judged images in the review tool, under a pseudonym.
--
-- image_count: Images that the person judged
-- answer_count: Answers of the person that stand
-- counted_count: Of these, those that were asked for, and not a late surplus
-- median_duration_s [s]: Median time from showing a field to the answer
-- checked_draft_count: Drafts that the person confirmed, corrected or refused
-- confirmed_share [share]: Share of these drafts that the person confirmed
-- wrong_draft_count: Drafts shown to the person that were wrong on purpose
-- wrong_confirmed_count: Of these, those that the person confirmed
-- retest_count: Images that the person judged a second time, much later
with answers as (
    select
        rater_id,
        count(distinct image_id) as image_count,
        count(*) as answer_count,
        count(*) filter (where is_counted) as counted_count,
        median(duration_s) as median_duration_s,
        count(*) filter (where phase = 'drafts') as checked_draft_count,
        avg((vote = 'confirmed')::integer) filter (where phase = 'drafts') as confirmed_share
    from review__votes
    group by rater_id
),

probes as (
    select
        rater_id,
        count(*) as wrong_draft_count,
        count(*) filter (where vote = 'confirmed') as wrong_confirmed_count
    from _review__probes
    group by rater_id
)

select
    coalesce(a.rater_id, p.rater_id) as rater_id,
    coalesce(a.image_count, 0) as image_count,
    coalesce(a.answer_count, 0) as answer_count,
    coalesce(a.counted_count, 0) as counted_count,
    a.median_duration_s,
    coalesce(a.checked_draft_count, 0) as checked_draft_count,
    a.confirmed_share,
    coalesce(p.wrong_draft_count, 0) as wrong_draft_count,
    coalesce(p.wrong_confirmed_count, 0) as wrong_confirmed_count,
    coalesce(r.retest_count, 0) as retest_count,
    r.retest_emotion_share,
    r.retest_emotion_lower,
    r.retest_emotion_upper,
    r.retest_valence_icc,
    r.retest_arousal_icc
from answers as a
full join probes as p on a.rater_id = p.rater_id
left join review__raters as r on coalesce(a.rater_id, p.rater_id) = r.rater_id
