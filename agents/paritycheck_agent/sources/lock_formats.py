"""The lock files that are looked for, and the module that reads each."""

from __future__ import annotations

# Of each format its file names, its ecosystem, its module (imported when its file is new), and whether each of its
# files in a folder counts, or the first alone.
FORMATS = (
    (("uv.lock",), "pypi", "paritycheck_agent.locks.uv", False),
    (("poetry.lock",), "pypi", "paritycheck_agent.locks.poetry", False),
    ((
        "requirements.txt", "requirements.lock", "requirements/production.txt", "requirements/prod.txt",
        "requirements/base.txt", "requirements-dev.txt", "requirements-dev.lock", "requirements-test.txt",
        "requirements_dev.txt", "requirements/dev.txt", "requirements/development.txt", "requirements/test.txt",
        "dev-requirements.txt", "test-requirements.txt",
    ), "pypi", "paritycheck_agent.locks.requirements", True),
    (("npm-shrinkwrap.json", "package-lock.json"), "npm", "paritycheck_agent.locks.npm", False),
    (("Cargo.lock",), "cargo", "paritycheck_agent.locks.cargo", False),
    (("Podfile.lock",), "cocoapods", "paritycheck_agent.locks.cocoapods", False),
    (("composer.lock",), "composer", "paritycheck_agent.locks.composer", False),
    (("Gemfile.lock", "gems.locked"), "gem", "paritycheck_agent.locks.bundler", False),
    (("go.mod",), "golang", "paritycheck_agent.locks.gomod", False),
    (("gradle.lockfile",), "maven", "paritycheck_agent.locks.gradle", False),
    (("mix.lock",), "hex", "paritycheck_agent.locks.mix", False),
    (("packages.lock.json",), "nuget", "paritycheck_agent.locks.nuget", False),
    (("pubspec.lock",), "pub", "paritycheck_agent.locks.pub", False),
)  # fmt: skip
# Lock files that no module reads yet, so that their packages are known to be missing.
UNREAD = {
    "pylock.toml": "pypi", "Pipfile.lock": "pypi", "pdm.lock": "pypi",
    "yarn.lock": "npm", "pnpm-lock.yaml": "npm", "bun.lock": "npm", "bun.lockb": "npm",
    "conda-lock.yml": "conda",
    # Names more versions than are used; only beside go.mod it says something.
    "go.sum": "golang",
}  # fmt: skip
