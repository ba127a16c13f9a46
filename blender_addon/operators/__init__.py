"""One file for each thing that an artist does."""
