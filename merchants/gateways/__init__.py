"""How messages leave the house: one adapter for each gateway, all of them with the same words for what went wrong."""
