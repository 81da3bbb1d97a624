"""Package names, and texts that look like secrets."""

from __future__ import annotations

import pytest

from paritycheck_agent.wire.purl import purl
from paritycheck_agent.wire.secrets import suspected

PURLS = [
    (("pypi", "Django"), "pkg:pypi/django"),
    (("PyPI", "zope.interface"), "pkg:pypi/zope-interface"),
    (("pypi", "Foo__Bar-.baz"), "pkg:pypi/foo-bar-baz"),
    (("npm", "@types/node"), "pkg:npm/%40types/node"),
    (("npm", "node", "@types"), "pkg:npm/%40types/node"),
    (("npm", "JSONStream"), "pkg:npm/JSONStream"),
    (("deb", "libpq5", "Debian"), "pkg:deb/debian/libpq5"),
    (("gem", "nokogiri"), "pkg:gem/nokogiri"),
    (("maven", "spring-core", "org.springframework"), "pkg:maven/org.springframework/spring-core"),
    (("golang", "github.com/Acme/shop"), "pkg:golang/github.com/acme/shop"),
    (("composer", "Console", "Symfony"), "pkg:composer/symfony/console"),
    (("composer", "Symfony/Console"), "pkg:composer/symfony/console"),
    (("maven", "org.springframework:spring-core"), "pkg:maven/org.springframework/spring-core"),
    (("golang", "gopkg.in/yaml.v3"), "pkg:golang/gopkg.in/yaml.v3"),
    (("cargo", "serde_derive"), "pkg:cargo/serde_derive"),
    (("cargo", "Inflector"), "pkg:cargo/Inflector"),
    (("hex", "Acme_Widgets", "Acme"), "pkg:hex/acme/acme_widgets"),
    (("nuget", "Newtonsoft.Json"), "pkg:nuget/Newtonsoft.Json"),
    (("pub", "Flutter-Lints"), "pkg:pub/flutter_lints"),
    (("cocoapods", "UIImage+Tint"), "pkg:cocoapods/UIImage%2BTint"),
    (("generic", "a b/ü"), "pkg:generic/a%20b%2F%C3%BC"),
]


@pytest.mark.parametrize(("parts", "expected"), PURLS)
def test_a_purl_is_canonical_for_its_type(parts: tuple[str, ...], expected: str) -> None:
    assert purl(*parts) == expected


SECRETS = [
    "ghp_0123456789abcdefghijABCDEFGHIJ012345", "prefix-AKIAIOSFODNN7EXAMPLE", "xoxb-1234567890-abcdef",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "eyJhbGciOiJIUzI1NiJ9", "-----BEGIN RSA PRIVATE KEY-----",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "pca_Ab3dEf6hIj9k_0123456789abcdefghijklmnopqrstuvABCDEF",
    "postgres://user:pw@host/db", "git+https://token@github.com/x/y", "https://@h",
]  # fmt: skip


@pytest.mark.parametrize("text", SECRETS)
def test_tokens_and_urls_with_credentials_are_suspected_everywhere(text: str) -> None:
    assert suspected(text)


INNOCENT = [
    "pkg:npm/%40types/node", "pkg:pypi/pca-tools", "pkg:gem/pca_helper", "xoxo", "DATABASE_URL", "https://h/a",
    "AKIA", "monkeyJump", "web-1", "uv.lock:412", "pkg:npm/ghp_", "",
]  # fmt: skip


@pytest.mark.parametrize("text", INNOCENT)
def test_ordinary_names_are_not_suspected(text: str) -> None:
    assert not suspected(text)
    assert not suspected(text, entropy=True)


def test_randomness_is_looked_at_in_names_of_configuration_only() -> None:
    random = "KEY_" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"
    assert suspected(random, entropy=True)
    assert not suspected(random)
    assert suspected("user:pw@host", entropy=True)
    assert not suspected("user:pw@host")


@pytest.mark.parametrize("name", ["DJANGO_DEBUG_TOOLBAR_PANELS_HISTORY_MAXIMUM_2", "A" * 64, "abcdefgh" * 8 + "1A"])
def test_long_names_of_words_are_not_random(name: str) -> None:
    assert not suspected(name, entropy=True)
