"""The stock admin, for administrators of the installation: people and projects. The dashboard is the product."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from typing_extensions import override

from paritycheck.models import Environment, Membership, Project, User
from paritycheck.services.members import join_project

if TYPE_CHECKING:
    from django.forms import BaseModelFormSet, ModelForm

    ProjectModelAdmin = admin.ModelAdmin[Project]
    EnvironmentModelAdmin = admin.ModelAdmin[Environment]
    UserModelAdmin = admin.ModelAdmin[User]
    MembershipTabularInline = admin.TabularInline[Membership, Project]
    ProjectForm = ModelForm[Project]
    MembershipFormSet = BaseModelFormSet[Membership, ModelForm[Membership]]
else:  # Django's own classes take no type arguments when they run
    ProjectModelAdmin = EnvironmentModelAdmin = UserModelAdmin = admin.ModelAdmin
    MembershipTabularInline = admin.TabularInline


class Site(admin.AdminSite):
    """Administrators sign in as everybody does: the admin's own form knows neither lockout nor second factor."""

    @override
    def login(self, request: HttpRequest, extra_context: "dict[str, Any] | None" = None) -> HttpResponse:
        """To the page where one signs in, and back; who is signed in and no administrator finds nothing here."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise Http404
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("web:sign-in"))

    @override
    def password_change(  # type: ignore[override]  # a redirect, not the admin's own page
        self, request: HttpRequest, extra_context: "dict[str, Any] | None" = None
    ) -> HttpResponse:
        """To the page that everybody has, which is counted and logged."""
        return HttpResponseRedirect(reverse("account_change_password"))


site = Site(name="admin")
site.site_header = site.site_title = "paritycheck administration"


class MembershipInline(MembershipTabularInline):
    """Who may see the project."""

    model = Membership
    extra = 0


@admin.register(Project, site=site)
class ProjectAdmin(ProjectModelAdmin):
    """Projects with their members."""

    list_display = ("slug", "created_at")
    fields = ("slug",)
    inlines = (MembershipInline,)

    @override
    def save_formset(
        self, request: HttpRequest, form: "ProjectForm", formset: "MembershipFormSet", change: bool
    ) -> None:
        """New members join as everywhere else: with their subscriptions."""
        by = cast("User", request.user)
        for row in formset.save(commit=False):
            if row.pk is None:
                join_project(project=row.project, user=row.user, role=row.role, now=timezone.now(), by=by)
            else:
                row.save()
        for row in formset.deleted_objects:
            row.delete()


@admin.register(Environment, site=site)
class EnvironmentAdmin(EnvironmentModelAdmin):
    """Environments; their facts come from agents only."""

    list_display = ("slug", "project", "tier", "kind")
    fields = ("project", "slug", "tier", "kind")


@admin.register(User, site=site)
class UserAdmin(UserModelAdmin):
    """People. Passwords are set by `paritycheck changepassword`."""

    list_display = ("email", "name", "is_active", "is_superuser")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser")

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """People come in by `paritycheck invite`."""
        return False
