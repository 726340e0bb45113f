-- About which images do people differ most?
from disputed(taxonomy := 'ekman7') limit 10
