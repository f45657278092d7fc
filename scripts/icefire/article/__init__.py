"""Captions and tables that quote a run's numbers, for figures, report and the printed article."""
