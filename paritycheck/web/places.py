"""Where an agent may run, and the exact commands of each place, with address and token filled in.

The commands fetch the agent from this server: nothing has to be installed but Python, and curl. A token goes by the
environment or by a file, never among the arguments of a program, where every user of the machine could read it.
"""

from dataclasses import dataclass
from typing import Final

from paritycheck.models import Environment
from paritycheck.models.projects import Tier

UNMADE: Final = "<token>"
_FILE: Final = "~/.local/share/parity.pyz"
_CHECKOUT: Final = "/srv/app/current"
_CONTAINER: Final = "app-web-1"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines to copy, and in which shell or file they go; the token stands out in them."""

    where: str
    text: str
    token: str = UNMADE

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """Each as what stands before the token, the token where it is in it, and what stands behind."""
        return [line.partition(self.token) for line in self.text.split("\n")]


@dataclass(frozen=True, slots=True)
class Place:
    """`blocks` report, in this order; `show` prints what would be sent, `doctor` says what is in the way of it.

    `later` is the sentence on what comes after the first report, `leaf` the page of the manual that says more.
    """

    slug: str
    title: str
    icon: str
    blocks: tuple[Block, ...]
    show: str
    doctor: str
    later: str
    leaf: str = "agent"


def places(url: str, token: str) -> tuple[Place, ...]:
    """All of them, for the server at `url`; without a token UNMADE stands in its place."""
    said = token or UNMADE
    return (
        _laptop(url, said),
        _github(url, said),
        _gitlab(url, said),
        _other(url, said),
        _docker(url, said),
        _kubernetes(url, said),
        _server(url, said),
    )


def usual(environment: Environment) -> str:
    """Where the agent of an environment runs most often."""
    return {Tier.DEVELOPMENT: "laptop", Tier.TESTING: "github"}.get(Tier(environment.tier), "server")


def _exports(url: str, token: str) -> str:
    return f"export PARITY_URL={url}\nexport PARITY_TOKEN={token}"


def _laptop(url: str, token: str) -> Place:
    fetch = f"curl -fsSL --create-dirs -o {_FILE} {url}/agent/parity.pyz"
    text = f"{fetch}\n{_exports(url, token)}\npython3 {_FILE} report"
    return Place(
        "laptop",
        "Laptop",
        "laptop",
        (Block("shell in a checkout of the app", text, token),),
        f"python3 {_FILE} show",
        f"python3 {_FILE} doctor",
        "Report again after each pull; with watch in the place of report it stays, and reports every five minutes.",
    )


def _github(url: str, token: str) -> Place:
    secret = f"printf %s {token} | gh secret set PARITY_TOKEN"
    step = f"""\
- name: Report to paritycheck
  env:
    PARITY_URL: {url}
    PARITY_TOKEN: ${{{{ secrets.PARITY_TOKEN }}}}
  run: |
    curl -fsSL -o "$RUNNER_TEMP/parity.pyz" "$PARITY_URL/agent/parity.pyz"
    python3 "$RUNNER_TEMP/parity.pyz" report"""
    return Place(
        "github",
        "GitHub",
        "workflow",
        (
            Block("once, in a checkout with gh; or under Settings, Secrets and variables, Actions", secret, token),
            Block("a step of the job that runs the tests, after the app is installed", step),
        ),
        'python3 "$RUNNER_TEMP/parity.pyz" show',
        'python3 "$RUNNER_TEMP/parity.pyz" doctor',
        "Every run of the job reports. Pull requests can ask the gate as well.",
        "pipelines",
    )


def _gitlab(url: str, token: str) -> Place:
    secret = f"printf %s {token} | glab variable set PARITY_TOKEN --masked"
    job = f"""\
parity:
  stage: .post
  image: python:3.13   # better the image that your tests run in
  variables:
    PARITY_URL: {url}
  script:
    - curl -fsSL -o /tmp/parity.pyz "$PARITY_URL/agent/parity.pyz"
    - python3 /tmp/parity.pyz report"""
    return Place(
        "gitlab",
        "GitLab",
        "workflow",
        (
            Block("once, in a checkout with glab; or under Settings, CI/CD, Variables, masked", secret, token),
            Block(".gitlab-ci.yml", job),
        ),
        "python3 /tmp/parity.pyz show",
        "python3 /tmp/parity.pyz doctor",
        "Every pipeline reports. Merge requests can ask the gate as well.",
        "pipelines",
    )


def _other(url: str, token: str) -> Place:
    text = f"""\
curl -fsSL -o /tmp/parity.pyz {url}/agent/parity.pyz
export PARITY_URL={url}
python3 /tmp/parity.pyz report"""
    return Place(
        "ci",
        "Other CI",
        "workflow",
        (
            Block("a secret variable of the pipeline, named PARITY_TOKEN", token, token),
            Block("shell of the job that runs the tests, after the app is installed", text),
        ),
        "python3 /tmp/parity.pyz show",
        "python3 /tmp/parity.pyz doctor",
        "Every run of the job reports. Changes can ask the gate as well.",
        "pipelines",
    )


def _docker(url: str, token: str) -> Place:
    inside = f"docker exec -e PARITY_URL -e PARITY_TOKEN {_CONTAINER} python3 /tmp/parity.pyz"
    text = f"""\
curl -fsSLO {url}/agent/parity.pyz
{_exports(url, token)}
docker cp parity.pyz {_CONTAINER}:/tmp/parity.pyz
{inside} report"""
    return Place(
        "docker",
        "Docker",
        "container",
        (Block(f"shell on the Docker host; {_CONTAINER} is the app's container, as docker ps names it", text, token),),
        f"{inside} show",
        f"{inside} doctor",
        "It reads what the container has, so it runs inside. An image without Python takes a sidecar.",
    )


def _kubernetes(url: str, token: str) -> Place:
    ask = "kubectl get deploy,sts,ds,cronjob,po,cm -o json | python3 parity.pyz"
    text = f"""\
curl -fsSLO {url}/agent/parity.pyz
{_exports(url, token)}
{ask} report --kubernetes -"""
    return Place(
        "kubernetes",
        "Kubernetes",
        "layers",
        (Block("shell with kubectl, in the namespace of the app", text, token),),
        f"{ask} show --kubernetes -",
        "python3 parity.pyz doctor",
        "From inside, a CronJob with rights to read reports every five minutes.",
    )


def _server(url: str, token: str) -> Place:
    text = f"""\
curl -fsSL -o /usr/local/bin/parity.pyz {url}/agent/parity.pyz
curl -fsSL -o /etc/systemd/system/parity.service {url}/agent/parity.service
install -D -m 600 /dev/stdin /etc/parity/token <<'END'
{token}
END
install -D -m 644 /dev/stdin /etc/systemd/system/parity.service.d/here.conf <<'END'
[Service]
Environment=PARITY_URL={url} PARITY_CHECKOUT={_CHECKOUT}
END
systemctl daemon-reload
systemctl enable --now parity"""
    asked = f"PARITY_URL={url} PARITY_TOKEN_FILE=/etc/parity/token python3 /usr/local/bin/parity.pyz"
    return Place(
        "server",
        "Server",
        "server",
        (Block(f"root's shell on the host; {_CHECKOUT} is where the app is deployed", text, token),),
        f"{asked} show -C {_CHECKOUT}",
        f"{asked} doctor -C {_CHECKOUT}",
        "systemd keeps it running and reports every five minutes, as a user of its own without rights.",
    )
