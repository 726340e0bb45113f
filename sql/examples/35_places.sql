-- Do people name an emotion more often where it stands first on their screen?
select shown.place, count(v.image_id) as named, count(distinct v.rater_id) as people
from range(1, 9) as shown(place)
left join votes as v
    on v.emotion_place = shown.place and v.phase = 'blind' and v.reviewed_field = 'emotion'
group by shown.place
order by shown.place
