-- One row per taxonomy, split and emotion: images it dominates without a tie, and their share.
--
-- emotion: Emotion evoked in the viewer, in the words of the taxonomy of the row
-- pictures: Images in which the emotion has the most mass, without a tie
-- share [share]: Their share of such images of the taxonomy and split
select
    taxonomy,
    split,
    emotion,
    count(*) as pictures,
    round(count(*) / sum(count(*)) over (partition by taxonomy, split), 4) as share
from emotions
where emotion_rank = 1 and not is_tied
group by taxonomy, split, emotion
order by taxonomy, split, pictures desc, emotion
