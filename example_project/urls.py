"""The addresses of the site."""

from __future__ import annotations

from functools import partial

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from .api import ApiPage
from .appointments.forms import LoginForm

#: Asked for on use: before `collectstatic` there are no hashed names yet.
icon_url = lazy(partial(static, "appointments/icon.svg"), str)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="appointments:list"), name="home"),
    # Browsers ask for it on pages that name no icon, such as those of admin.
    path("favicon.ico", RedirectView.as_view(url=icon_url())),
    path("appointments/", include("example_project.appointments.urls")),
    path("meetings/", include("eyeson_meetings.urls")),
    path(
        "accounts/login/",
        auth_views.LoginView.as_view(
            redirect_authenticated_user=True, authentication_form=LoginForm
        ),
        name="login",
    ),
    path("accounts/logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("api/", ApiPage.as_view(), name="api"),
    path(
        "api/schema/",
        SpectacularAPIView.as_view(permission_classes=[IsAuthenticated]),
        name="schema",
    ),
    path("admin/", admin.site.urls),
]
