"""Gift certificates: issued, sold, sent, extended, cancelled; what sales take of them stands in `loyalty.sales`."""
