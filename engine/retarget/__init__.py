"""A performance for rigs that lack some of its channels: the nearest one that the rig can show."""
