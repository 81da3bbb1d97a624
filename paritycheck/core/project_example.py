"""The example of `paritycheck apply --example`."""

from typing import Final

EXAMPLE: Final = """\
# paritycheck apply project.toml: shows what would change, asks, and makes it so. A second run has nothing to do.
# A part that does not stand here is left alone. Several projects are several [[project]].

[[project]]
name = "shop"
baseline = "production"          # what the others are compared with; else the first one of tier production
# policy-from = "staging"        # whose parity.toml counts; else the baseline's

[project.environments]
production = { tier = "production" }
staging = { tier = "staging" }
laptops = { tier = "development", kind = "cohort" }
reviews = { tier = "testing", kind = "ephemeral" }   # how long it lives: `ttl` in parity.toml

[project.members]                # viewer, member, maintainer or owner; whoever is new gets a password, shown once
"ada@example.com" = "owner"
"bob@example.com" = "member"

# Secrets do not stand here: { env = "NAME" } takes a variable, { file = "PATH" } a file.
[project.channels.on-call]
kind = "mail"
address = "on-call@example.com"

[project.channels.deploy-room]
kind = "slack"
url = { env = "SLACK_WEBHOOK_URL" }

[[project.subscriptions]]
channel = "deploy-room"
when = "at-once"
at-least = "warning"
environments = ["production", "staging"]

[[project.subscriptions]]
channel = "on-call"
when = "digest"
at-least = "note"
cron = "0 8 * * 1"
timezone = "Europe/Berlin"

[project.tokens.ci]
kind = "gate"

[project.tokens.production-agent]
kind = "report"
environment = "production"

[project.tokens.staging-agent]
kind = "report"
environment = "staging"
expires-in = "90d"               # the first run after that makes a new one
"""
