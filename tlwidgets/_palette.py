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

ROLE_COLOURS = MappingProxyType(
    {"frozen": FROZEN, "trainable": TRAINABLE, "source": SOURCE, "target": TARGET}
)
