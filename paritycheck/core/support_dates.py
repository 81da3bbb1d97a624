"""Until when the makers of services, languages, systems and frameworks give fixes, as they announced it.

A row is a maker's page, and by release cycle the last day (ISO 8601) on which it gets security fixes without a
contract or a registration. For Debian that is the end of LTS, for Ubuntu of standard support. A cycle of which no day
is announced, or of which sources disagree, is left out, and nothing is said of it: Redis 6.2 to 8, RabbitMQ 4.2,
Elasticsearch 8.17 and 9, OpenSearch, Kafka, Go since 1.24, Rails 8.1, and each Java with long-term support, which ends
on another day with every vendor. Memcached and NATS announce none.

CHECKED is the day on which the table was last gone through. Every cycle was compared with a stored copy of
endoflife.date; `compared` is the month of that copy, so what was announced later is not in here. Beside them stood:
PostgreSQL 18 in its copy of Azure's calendar, Python 3.14 in the devguide's `release-cycle.json`, Node 24 in
nodejs/Release's `schedule.json` of July 2026, Debian 12 and 13 in distro-info-data, Elasticsearch 7 and 8.19 in the
copies of Kibana and Logstash too. Where the two disagree the maker's word stands: Node 11 ends as its schedule says,
RabbitMQ 3.10 to 3.12 as their release notes say, Java 14 with the release of 15. Go 1.19 was fixed once more after the
release of 1.21, and ends on that day. After STALE_DAYS all of it is told as a note.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

CHECKED: Final = date(2026, 11, 30)
STALE_DAYS: Final = 180


class Row(NamedTuple):
    """Cycles by their first numbers: `9.6` is of 9.6.24, and not of 9.60."""

    source: str
    compared: str
    cycles: dict[str, str]


SERVICES: Final = {
    "postgresql": Row("https://www.postgresql.org/support/versioning/", "2025-02", {
        "9.4": "2020-02-13", "9.5": "2021-02-11", "9.6": "2021-11-11", "10": "2022-11-10", "11": "2023-11-09",
        "12": "2024-11-21", "13": "2025-11-13", "14": "2026-11-12", "15": "2027-11-11", "16": "2028-11-09",
        "17": "2029-11-08", "18": "2030-11-14",
    }),
    "mysql": Row("https://www.mysql.com/support/", "2026-04", {
        "5.5": "2018-12-31", "5.6": "2021-02-28", "5.7": "2023-10-31", "8.0": "2026-04-30", "8.1": "2023-10-25",
        "8.2": "2023-12-14", "8.3": "2024-04-10", "8.4": "2032-04-30", "9.0": "2024-10-15", "9.1": "2025-01-21",
        "9.2": "2025-04-15", "9.3": "2025-07-22", "9.4": "2025-10-21", "9.5": "2026-01-20", "9.6": "2026-04-21",
    }),
    "mariadb": Row("https://mariadb.org/about/#maintenance-policy", "2026-02", {
        "5.5": "2020-04-11", "10.0": "2019-03-31", "10.1": "2020-10-17", "10.2": "2022-05-23", "10.3": "2023-05-25",
        "10.4": "2024-06-18", "10.5": "2025-06-24", "10.6": "2026-07-06", "10.7": "2023-02-09", "10.8": "2023-05-20",
        "10.9": "2023-08-22", "10.10": "2023-11-17", "10.11": "2028-02-16", "11.0": "2024-06-06",
        "11.1": "2024-08-21", "11.2": "2024-11-21", "11.3": "2024-05-29", "11.4": "2029-05-29", "11.5": "2024-11-21",
        "11.6": "2025-02-13", "11.7": "2025-05-12", "11.8": "2028-06-04", "12.0": "2025-11-18", "12.1": "2026-02-13",
        "12.2": "2026-05-13",
    }),
    "redis": Row("https://github.com/redis/redis/security", "2026-02", {
        "5.0": "2022-04-27", "6.0": "2022-05-31", "7.0": "2024-07-29",
    }),
    "valkey": Row("https://valkey.io/topics/releases/", "2025-12", {
        "7.2": "2029-04-16", "8.0": "2027-09-15", "8.1": "2030-03-31", "9.0": "2028-10-21",
    }),
    "rabbitmq": Row("https://www.rabbitmq.com/release-information", "2026-03", {
        "3.6": "2018-05-31", "3.7": "2020-09-30", "3.8": "2022-07-31", "3.9": "2023-01-31", "3.10": "2023-07-31",
        "3.11": "2023-12-31", "3.12": "2024-06-01", "3.13": "2024-09-17", "4.0": "2025-04-15", "4.1": "2026-01-30",
    }),
    "mongodb": Row("https://www.mongodb.com/legal/support-policy/lifecycles", "2026-02", {
        "3.6": "2021-04-30", "4.0": "2022-04-30", "4.2": "2023-04-30", "4.4": "2024-02-29", "5.0": "2024-10-31",
        "6.0": "2025-07-31", "7.0": "2027-08-31", "8.0": "2029-10-31",
    }),
    "elasticsearch": Row("https://www.elastic.co/support/eol", "2026-04", {
        "6": "2022-02-10", "7": "2026-01-15", "8.16": "2025-04-15", "8.18": "2025-10-21", "8.19": "2027-07-15",
    }),
}  # fmt: skip
"""By a service's kind."""

RUNTIMES: Final = {
    "python": Row("https://devguide.python.org/versions/", "2025-02", {
        "2.7": "2020-01-01", "3.5": "2020-09-30", "3.6": "2021-12-23", "3.7": "2023-06-27", "3.8": "2024-10-07",
        "3.9": "2025-10-31", "3.10": "2026-10-31", "3.11": "2027-10-31", "3.12": "2028-10-31", "3.13": "2029-10-31",
        "3.14": "2030-10-31",
    }),
    "node": Row("https://nodejs.org/en/about/previous-releases", "2025-02", {
        "10": "2021-04-30", "11": "2019-06-01", "12": "2022-04-30", "13": "2020-06-01", "14": "2023-04-30",
        "15": "2021-06-01", "16": "2023-09-11", "17": "2022-06-01", "18": "2025-04-30", "19": "2023-06-01",
        "20": "2026-04-30", "21": "2024-06-01", "22": "2027-04-30", "23": "2025-06-01", "24": "2028-04-30",
    }),
    "ruby": Row("https://www.ruby-lang.org/en/downloads/branches/", "2026-05", {
        "2.4": "2020-03-31", "2.5": "2021-03-31", "2.6": "2022-03-31", "2.7": "2023-03-31", "3.0": "2024-04-23",
        "3.1": "2025-03-31", "3.2": "2026-03-31", "3.3": "2027-03-31", "3.4": "2028-03-31", "4.0": "2029-03-31",
    }),
    "php": Row("https://www.php.net/supported-versions.php", "2026-07", {
        "5.6": "2018-12-31", "7.0": "2019-01-10", "7.1": "2019-12-01", "7.2": "2020-11-30", "7.3": "2021-12-06",
        "7.4": "2022-11-28", "8.0": "2023-11-26", "8.1": "2025-12-31", "8.2": "2026-12-31", "8.3": "2027-12-31",
        "8.4": "2028-12-31", "8.5": "2029-12-31",
    }),
    "java": Row("https://www.oracle.com/java/technologies/java-se-support-roadmap.html", "2025-02", {
        "12": "2019-09-17", "13": "2020-03-17", "14": "2020-09-15", "15": "2021-03-16", "16": "2021-09-14",
        "18": "2022-09-20", "19": "2023-03-21", "20": "2023-09-19", "22": "2024-09-17", "23": "2025-03-18",
    }),
    "go": Row("https://go.dev/doc/devel/release", "2025-02", {
        "1.16": "2022-03-15", "1.17": "2022-08-02", "1.18": "2023-02-01", "1.19": "2023-09-06", "1.20": "2024-02-06",
        "1.21": "2024-08-13", "1.22": "2025-02-11", "1.23": "2025-08-12",
    }),
    "dotnet": Row("https://dotnet.microsoft.com/platform/support/policy/dotnet-core", "2026-02", {
        "2.1": "2021-08-21", "2.2": "2019-12-23", "3.0": "2020-03-03", "3.1": "2022-12-13", "5": "2022-05-10",
        "6": "2024-11-12", "7": "2024-05-14", "8": "2026-11-10", "9": "2026-11-10", "10": "2028-11-14",
    }),
}  # fmt: skip
"""By the name of a language."""

SYSTEMS: Final = {
    "debian": Row("https://wiki.debian.org/LTS", "2025-05", {
        "8": "2020-06-30", "9": "2022-07-01", "10": "2024-06-30", "11": "2026-08-31", "12": "2028-06-30",
        "13": "2030-06-30",
    }),
    "ubuntu": Row("https://wiki.ubuntu.com/Releases", "2026-04", {
        "14.04": "2019-04-02", "16.04": "2021-04-02", "18.04": "2023-05-31", "20.04": "2025-05-31",
        "22.04": "2027-04-01", "22.10": "2023-07-20", "23.04": "2024-01-20", "23.10": "2024-07-12",
        "24.04": "2029-05-31", "24.10": "2025-07-10", "25.04": "2026-01-17", "25.10": "2026-07-01",
        "26.04": "2031-04-30",
    }),
    "alpine": Row("https://alpinelinux.org/releases/", "2026-02", {
        "3.12": "2022-05-01", "3.13": "2022-11-01", "3.14": "2023-05-01", "3.15": "2023-11-01", "3.16": "2024-05-23",
        "3.17": "2024-11-22", "3.18": "2025-05-09", "3.19": "2025-11-01", "3.20": "2026-04-01", "3.21": "2026-11-01",
        "3.22": "2027-05-01", "3.23": "2027-11-01",
    }),
}  # fmt: skip
"""By the kind of the fact `os`."""

PACKAGES: Final = {
    "pkg:pypi/django": Row("https://www.djangoproject.com/download/#supported-versions", "2026-03", {
        "1.8": "2018-04-01", "1.9": "2017-04-04", "1.10": "2017-12-02", "1.11": "2020-04-01", "2.0": "2019-04-01",
        "2.1": "2019-12-02", "2.2": "2022-04-11", "3.0": "2021-04-06", "3.1": "2021-12-07", "3.2": "2024-04-01",
        "4.0": "2023-04-01", "4.1": "2023-12-01", "4.2": "2026-04-30", "5.0": "2025-04-02", "5.1": "2025-12-03",
        "5.2": "2028-04-30", "6.0": "2027-04-30",
    }),
    "pkg:gem/rails": Row("https://rubyonrails.org/maintenance", "2025-01", {
        "5.2": "2022-06-01", "6.0": "2023-06-01", "6.1": "2024-10-01", "7.0": "2025-04-01", "7.1": "2025-10-01",
        "7.2": "2026-08-09", "8.0": "2026-11-07",
    }),
}  # fmt: skip
"""By the purl of a dependency: frameworks alone, of which a project has one."""
