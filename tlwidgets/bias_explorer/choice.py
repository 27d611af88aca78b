"""What is chosen in a bias explorer, and the same as a short text in a link."""

from __future__ import annotations

from dataclasses import dataclass, fields
from urllib.parse import parse_qsl, urlencode

from ..shift.mechanisms import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the learner has chosen."""

    mechanism: str = "domain shift"  # a key of `shift.MECHANISMS`: the tab
    kind: str = "more of the high"  # which of the mechanism's ways, for instance "long tail"
    # What a domain shift depends on: one of the population's `covariates`, by default the first.
    # Also what divides the population into groups if it has none of its own.
    covariate: str = ""
    strength: float = 0.7  # 0: a simple random sample; 1: as biased as can be
    n: int = 300  # of the sample, >= 20
    repair: str = "none"  # a key of `repairs.REPAIRS`, or "none"
    # The part of the map that was brushed; only those inside it are drawn.
    region: Box | None = None
    seed: int = 0  # >= 0


# A choice as a short text, as in a link, and back again.

# Of the fields of a choice, in one or two letters: the text should be short.
_LETTERS = {
    "mechanism": "m",
    "kind": "k",
    "covariate": "c",
    "strength": "s",
    "n": "n",
    "repair": "r",
    "region": "b",
    "seed": "seed",
}
_NAMES = {letter: name for name, letter in _LETTERS.items()}


def to_url_state(choice: Choice) -> str:
    """Return a choice as the part of a link that comes after `#`; `from_url_state` reads it.

    Only what is not the default is in it. The data are not: who opens the link needs the same
    population.

    Examples
    --------
    >>> to_url_state(Choice(strength=0.9, seed=3))
    's=0.9&seed=3'
    """
    parts = {}
    for trait in fields(Choice):
        value = getattr(choice, trait.name)
        if value != trait.default:
            is_box = trait.name == "region"
            text = ",".join(map(repr, map(float, value))) if is_box else str(value)
            parts[_LETTERS[trait.name]] = text
    return urlencode(parts)


def from_url_state(text: str) -> Choice:
    """Return the choice that a text of `to_url_state` holds.

    Examples
    --------
    >>> from_url_state("s=0.9&seed=3").strength
    0.9
    """
    try:
        pairs = parse_qsl(
            text.lstrip("#?"), keep_blank_values=True, strict_parsing=bool(text.strip("#?"))
        )
        found = {_NAMES[letter]: value for letter, value in pairs}
        return Choice(**{name: _read(name, value) for name, value in found.items()})  # type: ignore[arg-type]
    except (ValueError, KeyError) as error:
        raise ValueError(
            "`text` must be what `to_url_state()` gave, for instance 's=0.9&r=class+weighting'; "
            f"got {text!r}. Copy the whole of it."
        ) from error


def _read(name: str, text: str) -> object:
    if name == "region":
        left, bottom, right, top = map(float, text.split(","))
        return left, bottom, right, top
    if name in ("n", "seed"):
        return int(text)
    return float(text) if name == "strength" else text
