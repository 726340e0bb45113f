-- How are the dominant emotions distributed over the splits?
pivot (select taxonomy, emotion, split, pictures from balance)
on split in ('train', 'validation', 'test')
using sum(pictures)
group by taxonomy, emotion
order by taxonomy, emotion
