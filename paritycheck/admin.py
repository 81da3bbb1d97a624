"""The stock admin, for administrators of the installation: people and projects. The dashboard is the product."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from typing_extensions import override

from paritycheck.models import Environment, Membership, Project, User
from paritycheck.services.audit import record
from paritycheck.services.members import drop_member, join_project
from paritycheck.services.tokens import revoke_token

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import BaseModelFormSet, ModelForm

    ProjectModelAdmin = admin.ModelAdmin[Project]
    EnvironmentModelAdmin = admin.ModelAdmin[Environment]
    UserModelAdmin = admin.ModelAdmin[User]
    MembershipTabularInline = admin.TabularInline[Membership, Project]
    ProjectForm = ModelForm[Project]
    PersonForm = ModelForm[User]
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
        by, now = cast("User", request.user), timezone.now()
        for row in formset.save(commit=False):
            before = Membership.objects.filter(pk=row.pk).select_related("user", "project").first() if row.pk else None
            if before is not None and before.user_id != row.user_id:
                drop_member(membership=before, by=by)
            join_project(project=row.project, user=row.user, role=row.role, now=now, by=by)
        for row in formset.deleted_objects:
            drop_member(membership=row, by=by)

    @override
    def save_model(self, request: HttpRequest, obj: Project, form: "ProjectForm", change: bool) -> None:
        """The installation's log holds what its administrators do to a project itself."""
        super().save_model(request, obj, form, change)
        action = "project.changed" if change else "project.created"
        if form.changed_data or not change:
            note(action, request, obj.slug, {"was": str(form.initial.get("slug") or "")})

    @override
    def delete_model(self, request: HttpRequest, obj: Project) -> None:
        """Its own log stays, under an id that nobody has any more; that it went stands in the installation's."""
        slug = obj.slug
        super().delete_model(request, obj)
        note("project.removed", request, slug)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Project]") -> None:
        """As one by one."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(Environment, site=site)
class EnvironmentAdmin(EnvironmentModelAdmin):
    """Environments; their facts come from agents only."""

    list_display = ("slug", "project", "tier", "kind")
    fields = ("project", "slug", "tier", "kind")

    @override
    def delete_model(self, request: HttpRequest, obj: Environment) -> None:
        """Its tokens end first, each with an entry of the log, so that no backup brings them back."""
        with transaction.atomic():
            for token in obj.tokens.filter(revoked_at=None).select_related("project", "environment"):
                revoke_token(token=token, by=cast("User", request.user), why="its environment was removed")
            super().delete_model(request, obj)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Environment]") -> None:
        """As one by one."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(User, site=site)
class UserAdmin(UserModelAdmin):
    """People. Passwords are set by `paritycheck changepassword`."""

    list_display = ("email", "name", "is_active", "is_superuser")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser")

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """People come in by `paritycheck invite`."""
        return False

    @override
    def save_model(self, request: HttpRequest, obj: User, form: "PersonForm", change: bool) -> None:
        """What was changed of a person is in the installation's log."""
        super().save_model(request, obj, form, change)
        if form.changed_data:
            note("person.changed", request, obj.email, {name: str(getattr(obj, name)) for name in form.changed_data})

    @override
    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Each project that they belonged to has it in its log."""
        by, email = cast("User", request.user), obj.email
        with transaction.atomic():
            for row in obj.memberships.select_related("project", "user"):
                drop_member(membership=row, by=by)
            super().delete_model(request, obj)
            note("person.removed", request, email)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[User]") -> None:
        """As one by one."""
        for row in queryset:
            self.delete_model(request, row)


def note(action: str, request: HttpRequest, target: str, detail: dict[str, str] | None = None) -> None:
    """In the installation's log, by the administrator who did it."""
    record(action=action, by=cast("User", request.user), target=target, detail=detail)
