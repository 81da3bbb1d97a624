"""The lock files that are looked for, and the module that reads each."""

from __future__ import annotations

# Of each format its file names, its ecosystem, its module (imported when its file is new), and whether each of its
# files in a folder counts, or the first alone. Of those of one ecosystem the first that is there counts, in this order.
FORMATS = (
    (("uv.lock",), "pypi", "paritycheck_agent.locks.uv", False),
    (("poetry.lock",), "pypi", "paritycheck_agent.locks.poetry", False),
    (("pdm.lock",), "pypi", "paritycheck_agent.locks.pdm", False),
    (("Pipfile.lock",), "pypi", "paritycheck_agent.locks.pipfile", False),
    (("pylock.toml",), "pypi", "paritycheck_agent.locks.pylock", False),
    ((
        "requirements.txt", "requirements.lock", "requirements/production.txt", "requirements/prod.txt",
        "requirements/base.txt", "requirements-dev.txt", "requirements-dev.lock", "requirements-test.txt",
        "requirements_dev.txt", "requirements/dev.txt", "requirements/development.txt", "requirements/test.txt",
        "dev-requirements.txt", "test-requirements.txt",
    ), "pypi", "paritycheck_agent.locks.requirements", True),
    (("npm-shrinkwrap.json", "package-lock.json"), "npm", "paritycheck_agent.locks.npm", False),
    (("yarn.lock",), "npm", "paritycheck_agent.locks.yarn", False),
    (("pnpm-lock.yaml",), "npm", "paritycheck_agent.locks.pnpm", False),
    (("bun.lock",), "npm", "paritycheck_agent.locks.bun", False),
    (("Cargo.lock",), "cargo", "paritycheck_agent.locks.cargo", False),
    (("Podfile.lock",), "cocoapods", "paritycheck_agent.locks.cocoapods", False),
    (("composer.lock",), "composer", "paritycheck_agent.locks.composer", False),
    (("conda-lock.yml", "conda-lock.yaml"), "conda", "paritycheck_agent.locks.conda_lock", False),
    ((
        "conda-linux-64.lock", "conda-linux-aarch64.lock", "conda-osx-64.lock", "conda-osx-arm64.lock",
        "conda-win-64.lock",
    ), "conda", "paritycheck_agent.locks.conda_explicit", True),
    (("environment.yml", "environment.yaml"), "conda", "paritycheck_agent.locks.conda_environment", True),
    (("Gemfile.lock", "gems.locked"), "gem", "paritycheck_agent.locks.bundler", False),
    (("go.mod",), "golang", "paritycheck_agent.locks.gomod", False),
    (("gradle.lockfile",), "maven", "paritycheck_agent.locks.gradle", False),
    (("mix.lock",), "hex", "paritycheck_agent.locks.mix", False),
    (("packages.lock.json",), "nuget", "paritycheck_agent.locks.nuget", False),
    (("pubspec.lock",), "pub", "paritycheck_agent.locks.pub", False),
)  # fmt: skip
# Files that tell of packages and that no module reads, so that they are known to be missing.
UNREAD = {"bun.lockb": "npm"}
# Those that mean nothing alone: go.sum names more versions than are used, and is read beside go.mod.
BESIDE = {"go.sum": "golang"}
