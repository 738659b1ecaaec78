from django.urls import include, path

from merchants.pages import audit_log, cashiers, coming_in, look, outlets, own_sessions, settings, team, till_settings

office = [
    path("outlets/", outlets.outlet_list, name="outlets"),
    path("outlets/new/", outlets.outlet_new, name="outlet_new"),
    path("outlets/<int:outlet_id>/", outlets.outlet, name="outlet"),
    path("outlets/<int:outlet_id>/close/", outlets.outlet_close, name="outlet_close"),
    path("outlets/<int:outlet_id>/reopen/", outlets.outlet_reopen, name="outlet_reopen"),
    path("outlets/<int:outlet_id>/tills/new/", outlets.till_new, name="till_new"),
    path("tills/<int:till_id>/settings/", till_settings.till_settings, name="till_settings"),
    path("tills/<int:till_id>/keys/<int:key_id>/revoke/", till_settings.key_revoke, name="key_revoke"),
    path("tills/<int:till_id>/off/", till_settings.till_off, name="till_off"),
    path("tills/<int:till_id>/on/", till_settings.till_on, name="till_on"),
    path("team/", team.team, name="team"),
    path("team/invite/", team.invite, name="invite"),
    path("team/invitations/<int:invitation_id>/again/", team.invitation_again, name="invitation_again"),
    path("team/invitations/<int:invitation_id>/revoke/", team.invitation_revoke, name="invitation_revoke"),
    path("team/<int:member_id>/", team.member, name="member"),
    path("team/<int:member_id>/second-factor/", team.member_second_factor, name="member_second_factor"),
    path("team/<int:member_id>/remove/", team.member_remove, name="member_remove"),
    path("team/cashiers/new/", cashiers.cashier_new, name="cashier_new"),
    path("team/cashiers/<int:cashier_id>/", cashiers.cashier_edit, name="cashier_edit"),
    path("team/cashiers/<int:cashier_id>/dismiss/", cashiers.cashier_dismiss, name="cashier_dismiss"),
    path("team/cashiers/<int:cashier_id>/back/", cashiers.cashier_back, name="cashier_back"),
    path("settings/", settings.settings, name="settings"),
    path("log/", audit_log.audit_log, name="audit_log"),
    path("log/log.csv", audit_log.audit_export, {"kind": "csv"}, name="audit_log_csv"),
    path("log/log.xlsx", audit_log.audit_export, {"kind": "xlsx"}, name="audit_log_xlsx"),
]

urlpatterns = [
    path("", coming_in.home, name="home"),
    # In the place of allauth's own list, which can't end one of them.
    path("accounts/sessions/", own_sessions.own_sessions, name="sessions"),
    path("second-factor/<int:merchant_id>/", own_sessions.second_factor_asked, name="second_factor_asked"),
    path("invitations/<str:token>/", coming_in.invitation, name="invitation"),
    path("look/<int:merchant_id>.css", look.look, name="look"),
    path("logo/<int:merchant_id>/<str:digest>", look.logo, name="logo"),
    path("m/<int:merchant_id>/", include(office)),
    # The choice of language, at the foot of every page.
    path("i18n/", include("django.conf.urls.i18n")),
]
