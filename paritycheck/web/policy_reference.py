"""Every key of a `parity.toml`: meaning, default, example. A test asks the readers which keys they know."""

from dataclasses import dataclass
from typing import Final

from paritycheck.core.defaults import SUPPORT_ENDS_SOON_DAYS
from paritycheck.core.policy import EXPECTATIONS, KINDS, MODES, TIERS, default_policy
from paritycheck.web.words import NBSP, duration

_POLICY: Final = default_policy()


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table; `example` is a whole line, or several, of TOML."""

    name: str
    means: str
    default: str
    example: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its heading in TOML, what it is for, its keys."""

    head: str
    title: str
    means: str
    keys: tuple[Key, ...]

    @property
    def example(self) -> str:
        """The table as it may stand in a file."""
        return "\n".join([self.head, *(key.example for key in self.keys)])


def _one_of(words: tuple[str, ...]) -> str:
    return ", ".join(words)


POLICY: Final = (
    Table("[project]", "project", "What is compared with what.", (
        Key("name", "the project's slug; `PARITY_PROJECT` goes before it", "none", 'name = "shop"'),
        Key("baseline", "the environment that the others are compared with", "the first of tier production",
            'baseline = "production"'),
    )),
    Table("[environments.laptops]", "environments.NAME", "What an environment is.", (
        Key("tier", f"one of {_one_of(TIERS)}", "as it was made", 'tier = "development"'),
        Key("kind", f"one of {_one_of(KINDS)}; a cohort is many laptops counted as one", "persistent",
            'kind = "cohort"'),
        Key("ttl", "how long an ephemeral one counts after its last report", "7 d", 'ttl = "3d"'),
    )),
    Table("[time]", "time", "Limits of the time gap.", (
        Key("max-age", "age that the oldest waiting change may have; seven times that is an error",
            "1 d, laptops 7 d", 'max-age = { staging = "24h", development = "7d" }'),
    )),
    Table("[personnel]", "personnel", "How the personnel gap is judged.", (
        Key("mode", f"one of {_one_of(MODES)}, or a table of them by environment or tier: `involve` wants authors "
            "to ship, `segregate` wants others to", _POLICY.mode,
            'mode = { production = "segregate", staging = "involve" }'),
        Key("window", "the days that are looked at", duration(_POLICY.window_s), 'window = "90d"'),
    )),
    Table("[tools]", "tools", "What is expected of facts, whatever their section.", (
        Key("grace", "how long instances may disagree, and code may wait for its migrations",
            duration(_POLICY.grace_s), 'grace = "30m"'),
    )),
    Table("[tools.services]", "tools.SECTION", "Expectations by name in a section: services, dependencies, runtime, "
          'config, processes or migrations. For one pair alone: [tools."staging..production".services].', (
        Key('"NAME"', f"an expectation of the names that the glob matches: {_one_of(EXPECTATIONS)}. The most specific "
            "glob wins", "the shipped expectations", '"*" = "same-minor"\ndatabase = "same-major"'),
        Key("EXPECTATION", "a list of globs that share one expectation", "none", 'ignore = ["search.*"]'),
        Key("only-in", "names that only these environments or tiers may have", "none",
            'only-in = { development = ["mail"] }'),
    )),
    Table("[tools.dependencies]", "tools.dependencies", "Packages go by purl.", (
        Key("direct", "those that the codebase names itself",
            "same from staging to production, else same-minor", 'direct = "same"'),
        Key("transitive", "those that others bring", "same-minor, as a note", 'transitive = "same-minor"'),
    )),
    Table("[tools.config]", "tools.config", "Configuration keys.", (
        Key("expect", "of every key that no glob names", "present", 'expect = "present"'),
    )),
    Table("[owners]", "owners", "Who hears of a drift.", (
        Key('"SECTION/NAME"', "an address or a team for the facts that the glob matches", "nobody",
            '"services/*" = "platform"'),
    )),
    Table("[teams]", "teams", "Names for several people.", (
        Key("TEAM", "addresses", "none", 'platform = ["ann@example.com", "bo@example.com"]'),
    )),
    Table("[freshness]", "freshness", "When what was read no longer counts.", (
        Key("unknown-after", "a section that nobody confirmed for so long is unknown(stale)",
            f"24{NBSP}h", 'unknown-after = "24h"'),
    )),
    Table("[scopes]", "scopes", "Parts of the repository, for which the time gap is told apart.", (
        Key("SCOPE", "a folder or globs over paths", "none", 'api = ["services/api", "libs/*"]'),
    )),
    Table("[[waivers]]", "waivers", "Accepted drifts, reviewed as code is. One end at least.", (
        Key("match", "a glob over `section/name`, `:rule` behind it where one rule is meant", "needed",
            'match = "services/search:version"'),
        Key("reason", "why", "needed", 'reason = "upgrade planned, OPS-118"'),
        Key("owner", "who sees to it", "needed", 'owner = "maria@example.com"'),
        Key("pair", "where it holds", "every pair", 'pair = "development..production"'),
        Key("until", "the day on which the drift counts again, UTC", "none", "until = 2099-12-31"),
        Key("until-changes", "it ends when either side's value moves", "false", "until-changes = true"),
        Key("until-converged", "it ends when both sides are equal", "false", "until-converged = true"),
    )),
)  # fmt: skip
AGENT: Final = (
    Table("[agent]", "agent", "What the agent collects, and with which Python.", (
        Key("collect", "sections; the others are then unknown(disabled)", "all",
            'collect = ["dependencies", "config"]'),
        Key("python", "the interpreter whose packages count", "that of the checkout's environment",
            'python = ".venv/bin/python"'),
    )),
    Table("[dependencies]", "dependencies", "Where packages are read from.", (
        Key("folders", "folders with lock files of their own", "the checkout's root", 'folders = ["frontend"]'),
        Key("sbom", "bills of materials, CycloneDX or SPDX", "none", 'sbom = ["build/image.cdx.json"]'),
        Key("system", "packages of the operating system", "in containers and pods", "system = true"),
    )),
    Table("[config]", "config", "Which configuration keys are told of, and how much of each.", (
        Key("names", "names beside those that are declared", "none", 'names = ["FEATURE_*"]'),
        Key("env-files", "files that declare names", "`.env.example` and alike", 'env-files = ["deploy/.env.sample"]'),
        Key("mode", "`name`: nothing but the names is sent", "names and shapes", 'mode = "name"'),
        Key("plain", "names whose short values may be sent, beside the shipped ones", "DEBUG, TZ and alike",
            'plain = ["LOG_LEVEL"]'),
        Key("fingerprint", "names whose values are fingerprinted, with a key", "all", 'fingerprint = ["*_URL"]'),
    )),
    Table("[fingerprints]", "fingerprints", "The key, which the server never has.", (
        Key("key-file", "where `parity keygen` wrote it", "PARITY_KEY_FILE", 'key-file = "/run/secrets/parity-key"'),
    )),
    Table("[services.search]", "services.NAME", "A service that cannot be asked, or must not be.", (
        Key("probe", "whether it is asked", "true", "probe = false"),
        Key("kind", "what it is, where it is not asked", "from the configuration", 'kind = "opensearch"'),
        Key("version", "its version, where it is not asked", "unknown", 'version = "2.19"'),
    )),
    Table("[processes]", "processes", "Where process types are found.", (
        Key("units", "systemd units whose directory lies outside of the checkout", "none", 'units = ["shop-web"]'),
    )),
    Table("[docker]", "docker", "Asking Docker what runs.", (
        Key("enabled", "whether it is asked", "false", "enabled = true"),
        Key("label", "the containers that are meant", "those of this project", 'label = "com.example.app=shop"'),
    )),
    Table("[kubernetes]", "kubernetes", "Telling of a cluster.", (
        Key("workload", "the application's own", "the only one", 'workload = "web"'),
        Key("namespace", "where a file holds several", "the only one", 'namespace = "shop"'),
        Key("manifests", "folders of manifests", "the usual ones", 'manifests = ["deploy"]'),
    )),
    Table("[release]", "release", "What is told of commits.", (
        Key("subjects", "whether subjects of commits are sent", "true", "subjects = false"),
        Key("default-branch", "the branch that a gate compares with", "as git says", 'default-branch = "main"'),
    )),
)  # fmt: skip
SHIPPED: Final = (
    ("services", "kind and major version the same: error; same-minor otherwise, settings the same: warning"),
    ("dependencies", "direct ones the same from staging to production: error; else same-minor: warning or note"),
    ("runtime", "languages same-minor: error; system and processor the same, not on laptops: warning"),
    ("config", "present: error towards production, warning elsewhere; SECRET_KEY, *_TOKEN, *_PASSWORD must differ"),
    ("processes", "the same types, each the same program: error between staging and production, warning elsewhere"),
    ("migrations", "the database has applied what its code holds, after the grace: error, on laptops a note"),
    ("end of life", f"supported by its maker: a warning {SUPPORT_ENDS_SOON_DAYS} days before the end, then an error"),
)  # fmt: skip
