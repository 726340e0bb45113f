-- One row per kept image and field of its record: the value, who gave it, and what was said of it.
--
-- field: Field of the record
-- value: Value of the field as text; null where the record has none
-- annotator: Annotator whose words are kept; null for a field without words
-- is_decided_by_people: Whether people decided the value, or its emptiness, in the review tool
-- verdict: What the critic said of the field in the last round that judged it
-- codes: Codes of what the critic found
-- confirmed_count: People who confirmed the field's draft in the review tool
-- corrected_count: People who corrected it
-- refused_count: People who refused it, or said that there is nothing of the kind
with fields as (
    select
        image_id,
        source,
        split,
        decided_by_people,
        word_annotators,
        unnest(['emotion', 'description', 'background', 'attribute', 'subject', 'intensity', 'box']) as field,
        unnest([
            emotion,
            description,
            background,
            attribute,
            subject,
            intensity::varchar,
            nullif(boxes_px, [])::varchar
        ]) as value
    from records__emoverse
),

answers as (
    select
        image_id,
        reviewed_field as field,
        count(*) filter (where vote = 'confirmed') as confirmed,
        count(*) filter (where vote = 'corrected') as corrected,
        count(*) filter (where vote in ('refused', 'absent')) as refused
    from review__votes
    where is_counted and phase = 'drafts'
    group by image_id, reviewed_field
),

verdicts as (
    select
        image_id,
        field,
        arg_max(verdict, round) as verdict,
        arg_max(codes, round) as codes
    from critic__verdicts
    group by image_id, field
)

select
    f.image_id,
    f.source,
    f.split,
    f.field,
    f.value,
    nullif(
        f.word_annotators[list_position(['description', 'background', 'attribute', 'subject'], f.field)],
        ''
    ) as annotator,
    list_contains(f.decided_by_people, f.field) as is_decided_by_people,
    v.verdict,
    v.codes,
    coalesce(a.confirmed, 0) as confirmed_count,
    coalesce(a.corrected, 0) as corrected_count,
    coalesce(a.refused, 0) as refused_count
from fields as f
left join verdicts as v on f.image_id = v.image_id and f.field = v.field
left join answers as a on f.image_id = a.image_id and f.field = a.field
