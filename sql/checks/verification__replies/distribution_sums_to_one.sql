-- A verifier's eight probabilities sum to 1, and its emotion is the most probable one.
select image_id, verifier, emotion, probability, distribution
from verification__replies
where
    distribution is not null
    and (
        len(distribution) <> 8
        or abs(list_sum(distribution) - 1) > 0.00001
        or abs(probability - list_max(distribution)) > 0.00001
        or emotion is distinct from [
            'amusement', 'anger', 'awe', 'contentment', 'disgust', 'excitement', 'fear', 'sadness'
        ][list_position(distribution, list_max(distribution))]
    )
order by image_id, verifier
