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
# Lines of charts: none of the colours above, which mean something. What counts is the
# validation, so it has the colour; training is grey and dashed.
TRAINING = NEUTRAL
VALIDATION = "#B07D00"
SERIES = (VALIDATION, "#3D9BD6", "#A8487F", "#5E8C31", TRAINING)
# Kinds of points, the first ones first; each can be told from its neighbours in this order.
# Middle lightness, so that they are seen on white and on black.
CATEGORIES = (
    *("#3D9BD6", "#B07D00", "#6F6BD0", "#5E8C31", "#D5603A", "#1F9E96", "#C2529B", "#8A6246"),
    *("#E08AB0", NEUTRAL),
)
# From few to much, through grey.
RAMP = ("#2F7FBF", "#5C8FB5", "#8598A5", "#A39B88", "#B98D54", "#C47C2B", "#C9640C")

# The ribbon of the freeze slider, whose blocks have words on them: ice and its ink, which change
# places in a dark theme, and the hue of what trains, dark enough for white words.
RIBBON_COLOURS = MappingProxyType({"ice": "#DCEAF5", "ink": "#0B3C5D", "trains": "#B84A00"})
