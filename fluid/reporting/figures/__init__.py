"""Figures of the report: each maps a table of `ReportData` to one SVG element."""
