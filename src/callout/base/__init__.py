"""base: clock, ids, geo, errors, settings. Knows nothing of emergencies."""
