"""Files of a small application in every format that describes one. None is a copy: each has the forms that are read."""

from __future__ import annotations

COMPOSE = """\
name: shop
x-env: &common
  DATABASE_URL: postgres://shop:${DB_PASSWORD:-secret}@db:5432/shop
include: [compose/extra.yaml]
services:
  db: {image: "postgres:${PG:-16}-alpine", environment: {POSTGRES_USER: shop}, ports: ["127.0.0.1:5432:5432"]}
  cache:
    image: docker.io/library/redis:7.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    command: >-
      redis-server --maxmemory 64mb
  web:
    build: {context: ., target: base, args: [PYTHON=3.12]}
    environment: {<<: *common, INLINE: 'a ''b'''}
    env_file: [.env, {path: .env.local, required: false}]
    command: ["gunicorn", "shop.wsgi", "--bind=0.0.0.0:8000"]
    depends_on: {db: {condition: service_healthy}}
    deploy: {replicas: 2}
    stop_signal: SIGINT
  worker:
    extends: {service: web}
    command: celery -A shop worker
    scale: 3
"""
DOTENV = """\
# of the shop
export DEBUG=1
GREETING="hello \\"you\\" ${DEBUG}" # said
KEY='a
b'
DATABASE_URL=postgres://shop:secret@127.0.0.1:1/shop?sslmode=verify-full&options=-c%20x%3D1
CACHE_URL=rediss://:secret@[::1]:6379/0
SENTINELS=redis+sentinel://a:1,b:2/main/0
QUEUE_URL=amqps://u:p@h/vhost
JSON={"a": ["b"]}
EMPTY=
BARE
"""
DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.12
FROM python:${PYTHON}-slim@sha256:aa AS base
ENV A=1 B="two words" \\
    # between
    C=it\\ is
ENV OLD form
FROM --platform=$BUILDPLATFORM node:22.1.0 AS assets
RUN <<EOF
FROM postgres:1
EOF
FROM base
ENTRYPOINT ["tini", "--"]
CMD ["gunicorn", "shop.wsgi", "-b", "0.0.0.0:8000"]
STOPSIGNAL 15
"""
PROCFILE = """\
web: A=1 gunicorn shop.wsgi --bind 0.0.0.0:$PORT "a b" 'c'
worker: uv run celery -A shop worker -c 2 & wait
front: npm run start -- --port 3000
shell: sh -c 'export B=1; exec ./bin/shop | tee log'
release: python manage.py migrate && true; echo $(date) `id`
"""
WORKFLOW = """\
name: ci
on: [push]
env: {A: "1"}
jobs:
  test:
    runs-on: ubuntu-latest
    strategy: {matrix: {pg: [15, "16"]}}
    services:
      postgres:
        image: postgres:${{ matrix.pg }}
        env: {POSTGRES_PASSWORD: secret}
        ports: ["5432:5432", 5433]
      redis: {image: "redis:7"}
    steps: [{uses: actions/checkout@v4}]
"""
GITLAB = """\
include: [{local: /ci/more.yml}]
variables: {PG: "16"}
default: {services: [redis:7]}
.base: &base
  services:
    - name: postgres:$PG
      alias: db
      variables: {POSTGRES_DB: shop}
test: {<<: *base, extends: [.other], script: [make]}
deploy: {services: [!reference [.base, services]], script: [make]}
"""
BITBUCKET = """\
definitions:
  services:
    db: {image: postgres:16, variables: {POSTGRES_PASSWORD: x}}
    cache: {image: {name: "redis:7"}}
pipelines: {default: [{step: {services: [db, cache], script: [make]}}]}
"""
CIRCLECI = """\
version: 2.1
executors:
  main: {docker: [{image: cimg/python:3.12}, {image: cimg/postgres:16.1, environment: {A: b}}]}
jobs:
  test:
    docker: [{image: cimg/node:22.1}, {image: "redis:7", name: cache}]
    steps: [checkout]
"""
HEROKU = """\
{"name": "shop", "env": {"SECRET": {"generator": "secret"}, "PLAIN": "x", "WANTED": {"required": true}},
 "addons": ["heroku-postgresql:mini", {"plan": "heroku-redis:mini", "as": "CACHE", "options": {"version": "7.2"}}],
 "formation": {"web": {"quantity": 2}}, "buildpacks": [{"url": "heroku/python"}]}
"""
MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: wait, image: busybox:1.36}]
      containers:
        - name: web
          image: registry.example/shop:1.2
          command: [gunicorn]
          args: ["shop.wsgi", "--bind=:8000"]
          env:
            - {name: A, value: "1"}
            - {name: B, valueFrom: {secretKeyRef: {name: s, key: b}}}
          envFrom: [{configMapRef: {name: settings}, prefix: X_}]
          ports: [{containerPort: 8000}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {template: {spec: {containers: [{name: db, image: "postgres:16.3"}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: x, image: "redis:7"}]}}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {KEY: value, OTHER: |
    several
    lines}
"""
KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [web.yaml]
images: [{name: postgres, newTag: "17"}, {name: redis, newName: valkey/valkey, digest: "sha256:aa"}]
"""
CHART = "apiVersion: v2\nname: shop\ndependencies: [{name: postgresql, version: 15.x}]\n"
VALUES = """\
image: {repository: acme/shop, tag: "1.2"}
postgresql: {enabled: true, image: {registry: docker.io, repository: bitnami/postgresql, tag: 16.2.0-debian-12-r1}}
redis: {image: "redis:7.2"}
"""
PACKAGE = """\
{"name": "shop", "version": "1.0.0", "packageManager": "pnpm@9.1.0+sha512.aa", "volta": {"node": "22.1.0"},
 "engines": {"node": "22.1.0", "npm": ">=10"}, "workspaces": ["packages/*"], "bin": {"shop": "bin/shop.js"},
 "scripts": {"start": "NODE_ENV=production next start -p 3000", "worker": "node worker.js"},
 "dependencies": {"next": "15.0.0", "ms": "^2"}, "devDependencies": {"debug": "4"}, "optionalDependencies": {"a": "1"}}
"""
PYPROJECT = """\
[project]
name = "shop"
requires-python = "==3.12.4"
dependencies = ["django>=5 ; python_version > '3'", "six[a] @ https://x.example/six.whl"]
optional-dependencies = {docs = ["mistune"]}
[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
[tool.poetry.dependencies]
python = "^3.12"
[tool.alembic]
script_location = "alembic"
"""
PARITY = """\
[project]
name = "shop"
[agent]
interval = "5m"
sections = ["config", "services"]
[config]
expected = ["A", "B"]
ambient = ["AMBIENT_*"]
[services.db]
key = "DATABASE_URL"
probe = false
[environments.production]
strict = ["dependencies/*"]
"""
MISE = '[tools]\npython = "3.12.4"\nnode = ["22.1.0", "20"]\njava = {version = "temurin-21.0.1"}\n"npm:x" = "latest"\n'
TOOL_VERSIONS = "python 3.12.4 3.11.9 # both\nnodejs 22.1.0\njava temurin-21.0.1+12\nterraform ref:abc\n"
DJANGO = """\
class Migration(migrations.Migration):
    replaces = [("shop", "0001_first")]
    dependencies: list[tuple[str, str]] = [
        ("shop", "0001_initial"),
        ('auth', '0012_alter_user'),
    ]
"""
ALEMBIC_INI = "[alembic]\nscript_location = %(here)s/alembic\nsqlalchemy.url = postgres://u:p@h/d\n"
ALEMBIC = 'revision: str = "a1b2c3d4e5f6"\ndown_revision: Union[str, None] = ("f1", "f2")\n'

# path: text. All of one candidate's checkout; each is changed in turn while the others stand.
CANDIDATE = {
    "compose.yaml": COMPOSE,
    "compose/extra.yaml": "services: {mail: {image: 'axllent/mailpit:v1.20'}}\n",
    ".env": DOTENV,
    ".env.example": DOTENV,
    "Dockerfile": DOCKERFILE,
    "Procfile": PROCFILE,
    ".github/workflows/ci.yml": WORKFLOW,
    ".gitlab-ci.yml": GITLAB,
    "ci/more.yml": ".other: {services: [{name: 'mysql:8'}]}\n",
    "bitbucket-pipelines.yml": BITBUCKET,
    ".circleci/config.yml": CIRCLECI,
    "app.json": HEROKU,
    "k8s/web.yaml": MANIFESTS,
    "k8s/kustomization.yaml": KUSTOMIZATION,
    "charts/shop/Chart.yaml": CHART,
    "charts/shop/values.yaml": VALUES,
    "package.json": PACKAGE,
    "pyproject.toml": PYPROJECT,
    "mise.toml": MISE,
    ".tool-versions": TOOL_VERSIONS,
    ".nvmrc": "v22.1.0\n",
    "rust-toolchain.toml": '[toolchain]\nchannel = "1.80.0"\n',
    "manage.py": "",
    "shop/apps.py": 'class Shop(AppConfig):\n    label = "shop"\n',
    "shop/migrations/0002_more.py": DJANGO,
    "alembic.ini": ALEMBIC_INI,
    "alembic/versions/a.py": ALEMBIC,
}
PARITY_FILES = {"parity.toml": PARITY, "pyproject.toml": PYPROJECT + '[tool.parity.project]\nname = "shop"\n'}
UNIT = """\
[Unit]
Description=shop
[Service]
WorkingDirectory=/srv/shop
Environment="A=1" B=2
EnvironmentFile=-/etc/shop.env
ExecStart=@/usr/bin/gunicorn gunicorn \\
  shop.wsgi --bind 127.0.0.1:8000
ExecStart=
ExecStart=-/srv/shop/bin/gunicorn shop.wsgi
KillSignal=SIGINT
StandardOutput=append:/var/log/shop
"""
UNIT_STATE = (
    "Id=shop-web.service\nActiveState=active\nNRestarts=2\nExecMainStatus=3\nExecMainCode=1\nMainPID=12\n\n" * 3
)
OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n'
DPKG = (
    """\
Package: libc6
Status: install ok installed
Source: glibc (2.36)
Version: 2.36-9+deb12u7
Description: GNU C Library
 more of it

Package: gone
Status: deinstall ok config-files
Version: 1:2.0~rc1-1
"""
    * 5
)
APK = "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:ld\n\nP:zlib\nV:1.3.1-r1\n\n" * 5
PACKED = "# pack-refs with: peeled\n" + f"{'a' * 40} refs/tags/v1\n^{'b' * 40}\n{'c' * 40} refs/heads/main\n"
GIT = {
    "HEAD": "ref: refs/heads/main\n",
    "packed-refs": PACKED,
    "config": '[core]\n\tbare = false\n[remote "origin"]\n\turl = https://u:p@git.example/acme/shop.git\n',
    "shallow": "d" * 40 + "\n",
}
EVENT = """\
{"pull_request": {"head": {"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ref": "topic"}, "base": {"ref": "main"}},
 "repository": {"default_branch": "main"}}
"""
METADATA = "Metadata-Version: 2.1\nName: Some.Thing\nVersion: 1.0.post1\nSummary: x\n\nText\nName: other\n"
DIRECT_URL = '{"url": "https://u:p@git.example/x.git", "vcs_info": {"vcs": "git", "commit_id": "aa"}}'
PYVENV = "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.12.4\n"
TARGETS = (
    "postgres://u:p%40@h:5432/d?sslmode=require&host=/run/x", "postgresql://a,b:5433,[::1]/d?target_session_attrs=any",
    "host=h port=5432 user=u password='p\\'q' dbname=d", "Server=h,1433;Database=d;User Id=u;Password=p;",
    "mysql2://u:p@h/d?ssl=true", "mongodb+srv://u:p@h/d?replicaSet=r", "rediss://:p@h:6380/1?ssl_cert_reqs=none",
    "unix:///run/redis.sock?db=1", "kafka://a:9092,b:9093", "a:9092,b:9093", "nats://t@h:4222", "amqp://u:p@h:5672/%2F",
    "sqlite:////srv/db.sqlite3", "sqlite::memory:", "jdbc:postgresql://h/d?user=u&password=p", "ldaps://h/dc=x",
    "smtp+ssl://u:p@h:465", "https://key@o1.ingest.sentry.io/2", "https://h:9200", "s3://bucket/key", "memcached://h:11211",
)  # fmt: skip
