"""The engine of the suite: models, flows, claims and reports. It knows no theorem by name."""

__version__ = "0.1.0"
