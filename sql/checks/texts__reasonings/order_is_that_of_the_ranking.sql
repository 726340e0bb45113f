-- Only images with a ranking have a reasoning, and the embedded writer names the emotions in its order.
select t.image_id, r.ranking, t.text
from texts__reasonings as t
left join labels__rankings as r on t.image_id = r.image_id
where
    t.status = 'ok'
    and (
        r.ranking is null
        or (
            t.writer = 'template_realiser'
            and not regexp_matches(
                t.text, array_to_string(list_transform(r.ranking, lambda e: '\bfeels? (?:a )?' || e || '\b'), '.*')
            )
        )
    )
order by t.image_id
