-- One row per source, outcome of the ranking, reason and deciding criterion: images, and how many
-- emotions remain tied.
--
-- pictures: Number of images
-- of_one_rater: Images that a single person labelled
-- mean_tied_emotions: Mean number of emotions that remain tied, over images with a tie
-- mean_lost_mass [share]: Mean share of the native mass with no counterpart in the taxonomy
select
    i.source,
    r.status,
    r.reason,
    r.decided_by,
    count(*) as pictures,
    count(*) filter (where r.rater_count = 1) as of_one_rater,
    round(avg(len(r.tied_emotions)), 2) as mean_tied_emotions,
    round(avg(r.lost_mass), 4) as mean_lost_mass
from labels__rankings as r
inner join dedup__images as i on r.image_id = i.image_id
group by i.source, r.status, r.reason, r.decided_by
order by i.source, pictures desc, r.status, r.reason, r.decided_by
