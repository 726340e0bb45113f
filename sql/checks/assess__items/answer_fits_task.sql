-- A score has a dimension and a target, which the answer states; a label is one of the candidates.
select item_id, task, dimension, answer, candidates, target
from assess__items
where
    (
        task = 'vad'
        and (
            dimension is null
            or target is null
            or abs(try_cast(trim(split_part(answer, ':', 2)) as double) - target) > 0.0001
            or try_cast(trim(split_part(answer, ':', 2)) as double) is null
        )
    )
    or (
        task = 'dominant_emotion'
        and not list_contains(candidates, trim(split_part(split_part(answer, ':', 2), '(', 1)))
    )
    or (
        task = 'ranking'
        and not list_has_all(
            candidates,
            list_transform(string_split(split_part(answer, ':', 2), ','), lambda word: trim(word))
        )
    )
order by item_id
