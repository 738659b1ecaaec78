"""The directory of goods: `loyalty.pages.goods`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

READERS = for_roles("owner", "manager", "operator", "reader")
EDITORS = for_roles("owner", "manager")
M = "/m/{merchant}/goods/"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/goods/": Page(M, READERS),
    "m/<int:merchant_id>/goods/new/": Page(f"{M}new/", EDITORS),
    "m/<int:merchant_id>/goods/<int:product_id>/": Page(f"{M}{{product}}/", EDITORS),
    "m/<int:merchant_id>/goods/categories/": Page(f"{M}categories/", READERS),
    "m/<int:merchant_id>/goods/categories/<int:category_id>/": Page(f"{M}categories/{{category}}/", EDITORS),
    "m/<int:merchant_id>/goods/sold/": Page(f"{M}sold/", EDITORS),
    "m/<int:merchant_id>/goods/suggest/": Page(f"{M}suggest/?kind=sku", EDITORS),
    "m/<int:merchant_id>/goods/import/": Page(f"{M}import/", EDITORS),
    "m/<int:merchant_id>/goods/import/<int:import_id>/": Page(f"{M}import/{{goods_import}}/", EDITORS),
    "m/<int:merchant_id>/goods/import/sample.<str:kind>": Page(f"{M}import/sample.csv", EDITORS),
}
