-- Per source, annotations with labels, ratings or a comment are counted once, as used or with a
-- reason.
with expected as (
    select source, unnest(['mikels8', 'ekman7']) as kind, count(*) as annotations
    from ingest__annotations
    where len(native_labels) > 0
    group by source
    union all
    select source, 'ratings', count(*)
    from ingest__annotations
    where coalesce(native_valence, native_arousal, native_dominance) is not null
    group by source
    union all
    select source, 'comments', count(*)
    from ingest__annotations
    where comment <> ''
    group by source
),

found as (
    select source, kind, sum(annotation_count)::bigint as annotations
    from _labels__coverage
    group by source, kind
)

select
    coalesce(e.source, f.source) as source,
    coalesce(e.kind, f.kind) as kind,
    e.annotations as expected,
    f.annotations as found
from expected as e
full join found as f on e.source = f.source and e.kind = f.kind
where e.annotations is distinct from f.annotations
order by 1, 2
