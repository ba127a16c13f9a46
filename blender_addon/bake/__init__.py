"""Clip to editable F-curves in an Action; the only room that writes keys."""
