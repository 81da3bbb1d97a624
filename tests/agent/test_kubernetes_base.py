"""compose/kubernetes: what the agent may do in a cluster, and that its files fit each other and the agent.

`kubectl kustomize` (v1.32.4, kustomize v5.5.0) builds the folder; what it would refuse is looked for here by hand. What
it built was held against the published schemas of Kubernetes 1.28, 1.32 and 1.35 (`kubernetes-validate --strict`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml

from paritycheck.core.policy_file import read
from paritycheck_agent import toml
from paritycheck_agent.cli.arguments import parse
from paritycheck_agent.sources import kubernetes, kubernetes_api, manifests, yaml

BASE = Path(__file__).parent.parent.parent / "compose" / "kubernetes"
FILES = sorted(path.name for path in BASE.glob("*.yaml"))
READING = {"get", "list"}


def objects() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in FILES:
        for document in pyyaml.safe_load_all((BASE / name).read_text(encoding="utf-8")):
            assert document["kind"] not in found
            found[document["kind"]] = document
    return found


def container() -> dict[str, Any]:
    pod = objects()["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert len(pod["containers"]) == 1
    only: dict[str, Any] = pod["containers"][0]
    return only


def test_the_kustomization_names_every_file_and_no_other() -> None:
    kustomization = objects()["Kustomization"]
    assert kustomization["apiVersion"] == "kustomize.config.k8s.io/v1beta1"
    assert sorted([*kustomization["resources"], "kustomization.yaml"]) == FILES
    assert [(BASE / name).is_file() for one in kustomization["configMapGenerator"] for name in one["files"]] == [True]


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("ServiceAccount", "v1"), ("Role", "rbac.authorization.k8s.io/v1"), ("CronJob", "batch/v1"),
        ("RoleBinding", "rbac.authorization.k8s.io/v1"),
    ],
)  # fmt: skip
def test_objects_are_of_versions_that_every_cluster_has(kind: str, version: str) -> None:
    thing = objects()[kind]
    assert (thing["apiVersion"], thing["metadata"]) == (version, {"name": "parity-agent"})


def test_the_role_reads_and_sees_no_secret() -> None:
    rules = objects()["Role"]["rules"]
    assert rules
    for rule in rules:
        assert set(rule) <= {"apiGroups", "resources", "resourceNames", "verbs"}
        assert set(rule["verbs"]) <= READING
        assert not {"*", "secrets"} & {*rule["resources"], *rule["apiGroups"]}


def test_the_role_allows_what_the_agent_asks_for_and_nothing_else() -> None:
    allowed = {
        (group, resource, verb)
        for rule in objects()["Role"]["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    asked = {
        (path.removeprefix("/apis/").split("/")[0] if path.startswith("/apis/") else "", resource, "list")
        for path, resource, _ in kubernetes_api.RESOURCES
    }
    assert allowed == asked | {("", "configmaps", "get")}


def test_the_binding_gives_the_role_to_the_account_of_the_job() -> None:
    found = objects()
    binding = found["RoleBinding"]
    name = found["ServiceAccount"]["metadata"]["name"]
    pod = found["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name}]
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == (name, True)
    assert found["ServiceAccount"]["automountServiceAccountToken"] is False


def test_the_job_runs_a_command_of_the_agent_without_any_privilege() -> None:
    given = container()
    assert given["command"][0] == "parity"
    _run, options = parse(given["command"][1:])
    assert (options.command, options.kubernetes) == ("report", "api")
    mounts = {mount["mountPath"]: mount for mount in given["volumeMounts"]}
    assert mounts[options.directory]["readOnly"] is True
    assert given["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    environ = {item["name"]: item for item in given["env"]}
    assert "value" not in environ["PARITY_TOKEN"]
    writable = [path for path, mount in mounts.items() if not mount.get("readOnly")]
    assert any(environ["PARITY_STATE_DIR"]["value"].startswith(f"{path}/") for path in writable)


def test_volumes_are_there_for_every_mount() -> None:
    pod = objects()["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {mount["name"] for mount in container()["volumeMounts"]} == set(volumes)
    generated = objects()["Kustomization"]["configMapGenerator"][0]["name"]
    assert volumes["settings"]["configMap"]["name"] == generated


def test_the_settings_are_read_and_name_a_workload() -> None:
    settings = toml.load((BASE / "parity.toml").read_text(encoding="utf-8"))
    assert settings["kubernetes"]["workload"]


def test_the_server_takes_the_settings_for_a_policy() -> None:
    read((BASE / "parity.toml").read_text(encoding="utf-8"))


def test_the_agent_s_own_readers_read_them() -> None:
    roots = [root for name in FILES for root in yaml.documents((BASE / name).read_text(encoding="utf-8"))]
    found = [one for root in roots for one in kubernetes.workloads(manifests.plain(root, {}))]
    assert [(one.kind, one.name, one.containers[0].image) for one in found] == [
        ("CronJob", "parity-agent", container()["image"])
    ]
