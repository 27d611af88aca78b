"""Every colour of the project, once.

The hues are those of Okabe and Ito (2008), which people with any common form of colour
blindness tell apart; frozen/trainable and source/target keep theirs in every picture.
"""

from types import MappingProxyType

FROZEN = "#0072B2"
TRAINABLE = "#D55E00"
SOURCE = "#A65C8E"
TARGET = "#00825F"
NEUTRAL = "#7A7A7A"
GOOD = TARGET
BAD = TRAINABLE
# One colour for each line of a chart, the newest first.
SERIES = (FROZEN, TRAINABLE, TARGET, SOURCE, "#9A7D00")

ROLE_COLOURS = MappingProxyType(
    {"frozen": FROZEN, "trainable": TRAINABLE, "source": SOURCE, "target": TARGET}
)

# Of curves: what counts is the validation, so it has the colour; training is grey and dashed.
TRAINING = NEUTRAL
VALIDATION = "#0087A8"
