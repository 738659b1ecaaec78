from django.urls import URLPattern, path

from insights import back_test_views, campaign_pages, views

urlpatterns: list[URLPattern] = [
    path("m/<int:merchant_id>/", views.dashboard, name="dashboard"),
    path("m/<int:merchant_id>/z/", views.z_report, name="z_report"),
    path("m/<int:merchant_id>/figures/", views.what_figures_mean, name="figures"),
    path("m/<int:merchant_id>/campaigns/results/", campaign_pages.all_campaigns, name="campaigns_results"),
    path("m/<int:merchant_id>/campaigns/results/together/", campaign_pages.together, name="campaigns_together"),
    path("m/<int:merchant_id>/campaigns/<int:number>/results/", campaign_pages.one_campaign, name="campaign_results"),
    path("m/<int:merchant_id>/rules/calculator/", back_test_views.calculate, name="calculator"),
    path("m/<int:merchant_id>/rules/backtests/", back_test_views.back_tests_list, name="backtests"),
    path("m/<int:merchant_id>/rules/backtests/new/", back_test_views.back_test_new, name="backtest_new"),
    path("m/<int:merchant_id>/rules/backtests/sample/", back_test_views.back_test_sample, name="backtest_sample"),
    path("m/<int:merchant_id>/rules/backtests/<int:number>/", back_test_views.back_test, name="backtest"),
    path(
        "m/<int:merchant_id>/rules/backtests/<int:number>/cancel/",
        back_test_views.back_test_cancel,
        name="backtest_cancel",
    ),
    path(
        "m/<int:merchant_id>/rules/backtests/<int:number>/delete/",
        back_test_views.back_test_delete,
        name="backtest_delete",
    ),
]
