"""Pages of segments: the list, one of them, its conditions, the RFM table."""
