"""Scheduled reports: what a week of marts says, as pages for planners."""
