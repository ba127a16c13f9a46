"""Pip, a small red panda with the few shapes of VRM 0."""
