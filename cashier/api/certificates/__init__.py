"""Gift certificates at the till: sold or issued, and looked up."""
