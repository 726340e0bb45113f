-- Which images does the lexicon misjudge most?
from lexicon_beside_ratings order by abs(difference) desc limit 10
