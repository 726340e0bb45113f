-- How well is the emotion agreed upon, by every measure?
from agreement_by('emotion')
