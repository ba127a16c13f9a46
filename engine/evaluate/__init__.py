"""The evaluation: would tell us if the performance model were bad. One file for each question."""
