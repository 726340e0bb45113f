-- Draw five images of fear that anyone with this seed draws too.
from sample_for('fear', 5, 1)
