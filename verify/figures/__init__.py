"""The papers' figures: their curves, pictures and pages."""
