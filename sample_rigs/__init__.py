"""Characters made by this project's own scripts, and the scripts that make them."""
