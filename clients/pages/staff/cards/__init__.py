"""Pages of plastic cards: batches, and the cards of one client."""
