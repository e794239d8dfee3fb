"""Pages of the platform's own host: an agency signs up."""

from __future__ import annotations

from django.urls import include, path

from tenants.agencies.views import signup

urlpatterns = [
    path("", signup.signup, name="home"),
    path("signup/address/", signup.check_address, name="check_address"),
    path("signup/<str:token>/", signup.progress, name="signup_progress"),
    path("signup/<str:token>/steps/", signup.progress_steps, name="signup_steps"),
    path("signup/<str:token>/retry/", signup.retry, name="signup_retry"),
    path("signup/<str:token>/enter/", signup.enter, name="signup_enter"),
    path("accounts/", include("tenants.people.urls_account")),
]
