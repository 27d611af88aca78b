"""Every kind of model, one after the other."""

from __future__ import annotations

import keras
import pytest

from .small_models import MODELS, randomise_statistics


@pytest.fixture(params=MODELS)
def model(request) -> keras.Model:
    keras.utils.set_random_seed(1)
    return randomise_statistics(MODELS[request.param]())
