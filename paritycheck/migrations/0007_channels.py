"""Channels, subscriptions, notices, and what a delivery knows of them."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("paritycheck", "0006_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="held_for",
            field=models.CharField(blank=True, db_default="", default="", max_length=32),
        ),
        migrations.AddField(
            model_name="delivery",
            name="thread",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="deliveryattempt",
            name="took_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=80)),
                ("shown", models.CharField(blank=True, max_length=254)),
                ("config", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("on", "On"), ("off", "Off")], default="on", max_length=8
                    ),
                ),
                ("off_reason", models.CharField(blank=True, max_length=512)),
                ("off_at", models.DateTimeField(null=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("made_by", models.CharField(max_length=254)),
                ("made_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="channels", to="paritycheck.project"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="target",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="deliveries",
                to="paritycheck.channel",
            ),
        ),
        migrations.CreateModel(
            name="ChannelThread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drift_id", models.CharField(max_length=64)),
                ("ref", models.CharField(max_length=254)),
                ("is_open", models.BooleanField(default=True)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="threads", to="paritycheck.channel"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="paritycheck.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("silent", "Silent"),
                            ("heard", "Heard"),
                            ("band", "Band"),
                            ("waiver-ending", "Waiver Ending"),
                            ("channel-off", "Channel Off"),
                        ],
                        max_length=16,
                    ),
                ),
                ("about", models.CharField(max_length=254)),
                ("gap", models.CharField(blank=True, max_length=12)),
                ("severity", models.CharField(max_length=8)),
                ("detail", models.JSONField(default=dict)),
                ("dedupe", models.CharField(max_length=254)),
                ("at", models.DateTimeField()),
                ("routed_at", models.DateTimeField(null=True)),
                (
                    "left",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="paritycheck.environment",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="paritycheck.project"
                    ),
                ),
                (
                    "right",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="paritycheck.environment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("when", models.CharField(choices=[("at-once", "At Once"), ("digest", "Digest")], max_length=8)),
                ("at_least", models.CharField(default="error", max_length=8)),
                ("gaps", models.JSONField(default=list)),
                ("environments", models.JSONField(default=list)),
                ("pairs", models.JSONField(default=list)),
                ("names", models.JSONField(default=list)),
                ("only_owned", models.BooleanField(default=False)),
                ("cron", models.CharField(blank=True, max_length=64)),
                ("timezone", models.CharField(default="UTC", max_length=64)),
                ("skip_unchanged", models.BooleanField(default=True)),
                ("quiet_from", models.TimeField(null=True)),
                ("quiet_to", models.TimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("last_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.CharField(blank=True, max_length=16)),
                ("made_by", models.CharField(max_length=254)),
                ("made_at", models.DateTimeField()),
                (
                    "channel",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="paritycheck.channel",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="paritycheck.project",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="subscription",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="paritycheck.subscription"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["project", "-created_at"], name="delivery_by_time"),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.UniqueConstraint(fields=("project", "name"), name="channel_name_in_project"),
        ),
        migrations.AddConstraint(
            model_name="channelthread",
            constraint=models.UniqueConstraint(fields=("channel", "drift_id"), name="channel_thread_once"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(condition=models.Q(("routed_at__isnull", True)), fields=["at"], name="notice_unrouted"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["project", "kind", "about", "-at"], name="notice_by_kind"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("project", "dedupe"), name="notice_once"),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["due_at"], name="subscription_due"
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["project", "when"], name="subscription_by_project"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("user__isnull", True), ("channel__isnull", True), _connector="XOR"),
                name="subscription_of_one",
            ),
        ),
    ]
