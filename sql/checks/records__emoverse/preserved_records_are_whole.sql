-- A preserved record has an uncontested emotion with confidence, and a reason if another field is
-- empty; any other record has a reason.
select image_id, state, reason, emotion, is_contested, description, background, attribute, subject
from records__emoverse
where
    (state = 'preserved' and (emotion is null or confidence is null or is_contested))
    or (
        state = 'preserved'
        and reason is null
        and (
            description is null
            or background is null
            or attribute is null
            or subject is null
            or intensity is null
        )
    )
    or (state <> 'preserved' and reason is null)
    or state not in ('preserved', 'plural', 'human', 'dropped')
order by image_id
