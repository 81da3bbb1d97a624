"""Workloads of Kubernetes out of what `kubectl get -o json` prints; no value of any of it is kept.

fixtures/kubernetes/cluster.json: the objects are those of `kubectl create ... --dry-run=client -o json` (v1.32.4),
with the metadata and status that a server adds written after the API's reference. Each value in it holds `canary`.
"""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck_agent.context import Unknown
from paritycheck_agent.sources import cluster, kubernetes, manifests, yaml

FIXTURE = Path(__file__).parent.parent / "fixtures" / "kubernetes" / "cluster.json"
DATA = FIXTURE.read_bytes()
DIGEST = "sha256:" + "3a" * 32


def taken(data: bytes = DATA) -> cluster.Cluster:
    found = cluster.Cluster()
    found.take(list(kubernetes.unlisted(cluster.parsed(data))))
    return found


def test_workloads_have_their_containers_and_what_runs_of_them() -> None:
    found = {workload.name: workload for workload in kubernetes.workloads(json.loads(DATA))}
    assert [(one.kind, one.name, one.replicas, one.version) for one in found.values()] == [
        ("CronJob", "backup", None, ""), ("StatefulSet", "database", 1, ""), ("DaemonSet", "logs", 3, ""),
        ("Deployment", "web", 2, "1.4.2"),
    ]  # fmt: skip
    web, proxy = found["web"].containers
    assert (web.name, web.command[:2], web.ports, web.stop_signal) == ("web", ["gunicorn", "--bind"], [8000], "SIGINT")
    assert (web.restarts, web.exit_codes, web.digests) == (1, {137}, {DIGEST})
    assert web.env == ["DEBUG", "SENTRY_DSN", "DATABASE_URL", "POD_NAME"]
    assert web.env_from == [
        ("ConfigMap", "shop-settings", "", False), ("Secret", "shop-keys", "APP_", False),
        ("Secret", "shop-extra", "", True),
    ]  # fmt: skip
    assert (proxy.name, proxy.command) == ("proxy", [])
    backup = found["backup"].containers[0]
    assert (backup.exit_codes, backup.digests) == ({0}, set())


def test_pods_alone_tell_of_their_workloads_too() -> None:
    pods = [thing for thing in json.loads(DATA)["items"] if thing["kind"] == "Pod"]
    found = kubernetes.workloads({"kind": "List", "items": pods})
    assert [(one.kind, one.name, one.replicas) for one in found] == [
        ("CronJob", "backup", None), ("StatefulSet", "database", 1), ("Deployment", "web", 2),
    ]  # fmt: skip
    assert kubernetes.workloads(pods[0])[0].name == "web"


def test_a_job_that_is_listed_has_its_own_pods() -> None:
    owner = {"kind": "Job", "name": "migrate-20261120"}
    metadata = {"namespace": "shop", "name": "migrate-20261120"}
    job = {"kind": "Job", "metadata": metadata, "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}}
    pod = {"kind": "Pod", "metadata": {**metadata, "name": "x", "ownerReferences": [owner]}, "status": {}}
    assert [one.kind for one in kubernetes.workloads({"kind": "List", "items": [pod, job]})] == ["Job"]
    assert [one.kind for one in kubernetes.workloads(pod)] == ["CronJob"]


def test_a_manifest_gives_the_workloads_that_the_api_does() -> None:
    """JSON is YAML: the same document read by the reader of YAML, whose scalars are all texts."""
    items = json.loads(DATA)["items"]
    text = pyyaml.safe_dump_all([item for item in items if item["kind"] != "Pod"], allow_unicode=True, width=100)
    plain = [manifests.plain(root, {}) for root in yaml.documents(text)]
    theirs = kubernetes.workloads({"kind": "List", "items": [item for item in items if item["kind"] != "Pod"]})
    ours = kubernetes.workloads({"kind": "List", "items": plain})
    assert [names(one) for one in ours] == [names(one) for one in theirs]


def names(workload: kubernetes.Workload) -> Any:
    inner = [(one.name, one.image, one.command, one.env, one.env_from, one.ports) for one in workload.containers]
    return workload.kind, workload.namespace, workload.name, workload.version, inner


def test_processes_are_what_is_no_backing_service() -> None:
    found = {name: (workload.name, one.name) for name, workload, one in cluster.applications(taken())}
    assert found == {
        "backup": ("backup", "backup"), "logs": ("logs", "logs"), "web": ("web", "web"), "web-proxy": ("web", "proxy"),
    }  # fmt: skip


def test_keys_are_named_and_values_are_nowhere() -> None:
    found = taken()
    assert found.keys == {
        ("shop", "ConfigMap", "shop-settings"): ["LOG_LEVEL", "TIME_ZONE"],
        ("shop", "Secret", "shop-keys"): ["LATE_KEY", "SECRET_KEY", "STRIPE_KEY"],
        ("shop", "Secret", "shop-db"): ["url"],
    }
    assert b"canary" in DATA
    text = json.dumps(cluster.parsed(DATA))
    # What a command line holds is no value of a variable; it stays in memory, and no part of it is sent.
    assert text.count("canary") == 1
    assert "annotations" not in text


def test_no_value_outlives_the_parsing() -> None:
    documents = cluster.parsed(DATA.replace(b"canary", b"outlived"))
    gc.collect()
    kept = [thing for thing in gc.get_objects() if isinstance(thing, dict) and any_text(thing, "outlived")]
    assert len(documents[0]["items"]) == 11
    assert kept == []


def any_text(thing: dict[Any, Any], word: str) -> bool:
    try:
        return any(isinstance(value, str) and value.startswith(word) for value in list(thing.values()))
    except RuntimeError:
        return False


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "parse-failed"),
        (b"[" * 100_000, "parse-failed"),
        (b"\xff", "parse-failed"),
        (b"1" * 9_999, "parse-failed"),
    ],
)
def test_what_is_no_json_says_so(data: bytes, reason: str) -> None:
    with pytest.raises(Unknown) as caught:
        cluster.parsed(data)
    assert caught.value.reason == reason


def test_several_documents_are_read_one_after_the_other() -> None:
    assert len(cluster.parsed(b'{"kind": "A"}\n{"kind": "B"}\n')) == 2
    assert cluster.parsed(b"") == []


@pytest.mark.parametrize(
    ("reference", "digest"),
    [
        ("docker-pullable://registry.example.com:5000/a/b@" + DIGEST, DIGEST), ("a@" + DIGEST, DIGEST),
        (DIGEST, ""), ("@" + DIGEST, ""), ("a@sha256:12", ""), ("a@sha256:" + "G" * 64, ""), ("a:1", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_digest_is_one_that_a_registry_knows(reference: str, digest: str) -> None:
    assert kubernetes.digest_of(reference) == digest


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["List", "Pod", "Job", "a-12345678"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "items", "name", "data"]), inner)
    ),
    max_leaves=6,
)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_document_however_it_is_made_stops_the_reading(data: st.DataObject) -> None:
    document = json.loads(DATA)
    node: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(node)) if isinstance(node, dict) else st.integers(0, len(node) - 1))
        if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.integers(0, 6)):
            node = node[key]
        else:
            node[key] = data.draw(ODD)
            break
    found = cluster.Cluster()
    found.take(list(kubernetes.unlisted(cluster.parsed(json.dumps(document).encode()))))
    for workload in found.workloads:
        assert workload.name
        cluster.variables(found, workload)
    assert all(one.name in name or one in workload.containers for name, workload, one in cluster.applications(found))
    assert all(image.kind for _, image in cluster.backing(found))


@given(ODD)
def test_any_value_is_a_document_of_no_or_some_workloads(document: Any) -> None:
    for workload in kubernetes.workloads(document):
        assert workload.kind in kubernetes.TEMPLATES
