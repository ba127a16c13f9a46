"""Takes in files: FaceMimic's own .npz, and the formats in which others record and exchange them."""
