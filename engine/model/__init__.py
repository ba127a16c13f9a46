"""The performance model: network, conditions, sampling, and the loading of weights."""
