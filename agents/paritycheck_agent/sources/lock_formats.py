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
    (("conda-lock.yml", "conda-lock.yaml"), "conda", "paritycheck_agent.locks.conda_lock", False),
    ((
        "conda-linux-64.lock", "conda-linux-aarch64.lock", "conda-osx-64.lock", "conda-osx-arm64.lock",
        "conda-win-64.lock",
    ), "conda", "paritycheck_agent.locks.conda_explicit", True),
    (("environment.yml", "environment.yaml"), "conda", "paritycheck_agent.locks.conda_environment", True),
)  # fmt: skip
# Lock files that no module reads yet, so that their packages are known to be missing.
UNREAD = {
    "bun.lockb": "npm",
    "Cargo.lock": "cargo", "go.sum": "golang", "Gemfile.lock": "gem", "composer.lock": "composer",
    "gradle.lockfile": "maven", "packages.lock.json": "nuget", "mix.lock": "hex", "pubspec.lock": "pub",
    "Podfile.lock": "cocoapods",
}  # fmt: skip
