"""Operations on receipts."""
