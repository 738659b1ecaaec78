from django.urls import path

from loyalty.pages.goods.importing import goods_import, goods_import_one, goods_sample, goods_sold
from loyalty.pages.goods.lists import goods, goods_categories, goods_suggest
from loyalty.pages.goods.one import goods_category, goods_new, product

M = "m/<int:merchant_id>/goods/"

urlpatterns = [
    path(M, goods, name="goods"),
    path(f"{M}new/", goods_new, name="goods_new"),
    path(f"{M}<int:product_id>/", product, name="product"),
    path(f"{M}categories/", goods_categories, name="goods_categories"),
    path(f"{M}categories/<int:category_id>/", goods_category, name="goods_category"),
    path(f"{M}sold/", goods_sold, name="goods_sold"),
    path(f"{M}suggest/", goods_suggest, name="goods_suggest"),
    path(f"{M}import/", goods_import, name="goods_import"),
    path(f"{M}import/<int:import_id>/", goods_import_one, name="goods_import_one"),
    path(f"{M}import/sample.<str:kind>", goods_sample, name="goods_sample"),
]
