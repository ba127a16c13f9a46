"""Aki, an avatar drawn like an anime."""
