"""What can be certified of which theorem, and where; imported when asked for, since it imports flint."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

#: By kind of certificate and name of the theorem, `module:function`:
#:
#: - disproofs(large), of statements as printed; with `large` those that take longer than a second, too;
#: - state(setting, parameters), pointwise claims at the initial state of a setting, or at given parameters;
#: - path(setting, minutes, progress), the exact flow, enclosed.
#:
#: Each is an iterator of `verify.certificates.certificate.Certificate`.
CERTIFIERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "disproofs": {
            "linear-rate": "theorems.kawaguchi_2021.disproofs:disproofs",
            "relu-convergence": "theorems.gao_2022.disproofs:disproofs",
            "ling-convergence": "theorems.ling_2023.disproofs:disproofs",
        },
        "state": {
            "linear-rate": "theorems.kawaguchi_2021.linear_rate_state:certify_state",
            "trust-region-newton": "theorems.kawaguchi_2021.trust_region_newton_state:certify_state",
            "relu-convergence": "theorems.gao_2022.state_certificates:certify_state",
            "linear-deq": "theorems.linear_deq_state:certify_state",
            "ling-convergence": "theorems.ling_2023.state_certificates:certify_state",
        },
        "path": {
            "linear-rate": "theorems.kawaguchi_2021.path_certificate:certify_path",
            "linear-deq": "theorems.linear_deq_path:certify_path",
        },
    }
)


def certifier(kind: str, name: str) -> Callable[..., Any]:
    """The function that makes these certificates of a theorem."""
    module, _, function = CERTIFIERS[kind][name].partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found
