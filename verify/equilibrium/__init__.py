"""Checks of implicit layers written in torch, for people who train deep equilibrium models."""

from verify.equilibrium.checking import equilibrium_checks
from verify.equilibrium.report import EquilibriumReport, Finding, Swept

__all__ = ["EquilibriumReport", "Finding", "Swept", "equilibrium_checks"]
