"""What the pages of several resources are made of."""
