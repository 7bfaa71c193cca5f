"""Records of the city from files with closed columns: incidents, audits, surveys, calendar."""
