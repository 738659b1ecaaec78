"""The directory of goods: what a shop sells, by the SKU of its tills.

Rules pick goods from it, and it says what of them earns points, may be paid by points, gets discounts. Nothing has to
stand in it: an SKU that it does not know is sold as the till sends it.

A file is read (`reading`), compared with what is there and shown (`importing.check`), and taken over in one transaction
(`importing.take_over`). A column that the file lacks changes nothing; an empty cell empties.
"""
