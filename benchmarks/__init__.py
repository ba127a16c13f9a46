"""What FaceMimic costs: `make benchmark` prints one table."""
