"""The simulator: how faces move, from the literature. It teaches the model and is never asked at run time."""
