"""What happens by itself: campaigns, messages and mailings, promo codes, gifts, and whether it worked."""
