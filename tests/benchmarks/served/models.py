"""The row-per-fact way of keeping a report, as it is commonly done: the peer of `ingest.py`."""

from typing import ClassVar

from django.db import models
from typing_extensions import override


class Stored(models.Model):
    """One report; its facts are rows."""

    objects: ClassVar[models.Manager["Stored"]] = models.Manager()
    instance = models.CharField(max_length=256)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "served"
        db_table = "bench_stored"

    @override
    def __str__(self) -> str:
        return self.instance


class Fact(models.Model):
    """One fact of one report, found by its name."""

    objects: ClassVar[models.Manager["Fact"]] = models.Manager()
    report = models.ForeignKey(Stored, on_delete=models.CASCADE)
    section = models.CharField(max_length=32)
    name = models.CharField(max_length=512)
    value = models.CharField(max_length=1024)
    scope = models.CharField(max_length=16)
    sources = models.JSONField(default=list)

    class Meta:
        app_label = "served"
        db_table = "bench_fact"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["name", "value"], name="bench_fact_by_name")]

    @override
    def __str__(self) -> str:
        return self.name


class Touched(models.Model):
    """What the bare view's one UPDATE is of."""

    objects: ClassVar[models.Manager["Touched"]] = models.Manager()
    seen = models.DateTimeField(auto_now_add=True)
    seq = models.BigIntegerField(default=0)

    class Meta:
        app_label = "served"
        db_table = "bench_touched"

    @override
    def __str__(self) -> str:
        return str(self.seq)
