"""The back test: a shop's own receipts under other rules.

The past is read as a stream of events (`history`, `csv_file`), lived through by a `Side` for each set of rules, with
the engine of the till and the code that books its sales and returns, and told in totals. Nothing is written.

What is assumed: people buy what they bought. Who paid with points pays with the same share of what the rules allow.
Points by hand, opening balances and coupons used are taken over as they were.
"""
