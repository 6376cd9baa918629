"""What becomes of a variant once it has run: checked, listed, published with DVC and git, removed."""
