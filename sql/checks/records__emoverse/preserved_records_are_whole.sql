-- A preserved record has triplet, emotion, confidence and intensity; any other has a reason.
select image_id, state, reason, background, attribute, subject, emotion, confidence, intensity
from records__emoverse
where
    (
        state = 'preserved'
        and (
            background is null
            or attribute is null
            or subject is null
            or emotion is null
            or confidence is null
            or intensity is null
        )
    )
    or (state <> 'preserved' and reason is null)
    or state not in ('preserved', 'human', 'dropped')
order by image_id
