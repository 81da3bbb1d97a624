"""What `parity COMMAND --help` says below the options: examples and exit codes."""

from __future__ import annotations

ABOUT = """\
Reports what an environment really runs to paritycheck, and asks whether a change drifts from production.
Values never leave this host: names, versions and shapes do. `parity show` prints exactly what would be sent."""

VARIABLES = """\
environment variables:
  PARITY_URL           the server, such as https://parity.example
  PARITY_TOKEN         the token; or PARITY_TOKEN_FILE, a file of mode 0600 that holds it
                       a job of GitHub Actions, GitLab CI, CircleCI or Buildkite that has an id token needs none
                       for gate and deploy: it is exchanged for one of ten minutes (GitLab: PARITY_ID_TOKEN)
  PARITY_ENROLL_TOKEN  without one: a token that the first report trades for this instance's own, kept in the state
                       directory and renewed; or PARITY_ENROLL_TOKEN_FILE, or systemd's credential parity-enroll-token
  PARITY_PYTHON        the interpreter whose installed distributions are reported
  PARITY_INSTANCE      this instance's name; otherwise remembered, or the host's name
  PARITY_CA_FILE       certificates of a private CA
  PARITY_KUBERNETES    as --kubernetes
  PARITY_STATE_DIR     where the agent remembers what it sent (otherwise $XDG_STATE_HOME/paritycheck)
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY, NO_COLOR as usual

A token is never taken from the command line, where every user of the machine could read it."""

INIT = """\
example:
  parity init                     look around here and write parity.toml
  parity init -C services/shop    the same in another checkout"""

SHOW = """\
examples:
  parity show                     the report as JSON, each fact with its sources
  parity show | less
  parity show --wire sent/        the exact bytes instead, one file a call
  parity show --sbom image.cdx.json    what a bill of materials would add"""

REPORT = """\
example:
  PARITY_URL=https://parity.example PARITY_TOKEN_FILE=/etc/parity/token parity report
  kubectl get deploy,sts,ds,cronjob,po,cm -o json | parity report --kubernetes -

exit codes:
  0  taken
  2  usage or configuration error
  3  the server could not be reached or refused; the report is kept and goes with the next run"""

WATCH = """\
Collects and sends as `parity report` does, again and again. Where the server is away reports are kept, and sent
when it is back. SIGHUP reads the configuration anew and reports at once; SIGTERM ends it.

examples:
  parity watch -C /srv/shop/current             every 5 minutes, give or take a tenth
  parity watch --interval 1h --quiet            a line only where something failed

exit codes:
  0  ended by SIGTERM
  2  usage or configuration error at the start; later ones are said, and tried again
  130  interrupted"""

STATUS = """\
Reads what the agent keeps between runs, asks nobody and changes nothing. With PARITY_URL and PARITY_TOKEN it tells of
that server alone, otherwise of all that this state directory remembers.

examples:
  parity status
  PARITY_STATE_DIR=/var/lib/paritycheck parity status --format json

exit codes:
  0  the last report was taken, and nothing waits
  2  usage or configuration error
  3  nothing was taken yet, the last run failed, reports wait, or none came for too long"""

DOCTOR = """\
Collects as `parity report` does, and tells of each section what was found and where, what was not and why, and what to
do. Asks the server whether it is there and takes the token. Sends no fact, and shows no value.

examples:
  parity doctor
  parity doctor -C services/shop --format json

exit codes:
  0  nothing is in the way of a report
  2  something has to be changed here
  3  the server could not be reached or refused"""

GATE = """\
examples:
  parity gate                                   against the baseline, production unless the project says otherwise
  parity gate --against staging --fail-on warning
  parity gate --record                          on the default branch: later gates compare with it
  parity gate --format json > verdict.json
  parity gate --format github --output sarif=parity.sarif --output markdown=comment.md
  parity gate --wait 10m --max-age 15m          after a deploy: until its report is there

Files of --output are emptied first, and say it where nothing was judged. Markdown is one comment; its first line,
which is not shown, is the same in each run. github adds to $GITHUB_STEP_SUMMARY and $GITHUB_OUTPUT too.

exit codes:
  0  pass; by --exit-zero and --on-error pass alone also where it is none, with NOT PASSED on stderr
  1  the change introduces drift at or above --fail-on
  2  usage or configuration error
  3  the server could not be reached or refused
  4  not enough evidence: reports are missing or stale, or coverage is too low"""

LINT = """\
Reads the files of the checkout and asks nobody: templates such as .env.example against the names that code and compose
files read, the services of compose files and pipelines against each other and against parity.toml, and parity.toml as
the server will read it. No value is shown.

examples:
  parity lint                                   all of it
  parity lint compose.yaml .env.example         only what is about these, as pre-commit asks
  parity lint --fail-on warning --format github

rules:
  env-undeclared    read, and in no template: an error where there is no default
  env-unused        in a template, and nothing reads it
  env-duplicate     twice in one template
  env-no-template   names are read, and there is no template
  service-kind      another kind of service than another file of the checkout has
  service-version   another version than parity.toml allows between two files
  service-unpinned  an image of a backing service that states no version
  image-unpinned    any other image of no tag, or `latest`
  service-unjudged  parity.toml has globs for services, and none is about this one
  compose-unread    a compose file that cannot be read
  policy-syntax, policy-unknown-key, policy-value, policy-glob    a parity.toml that the server would refuse
  policy-waiver-ended    a waiver that no longer counts

exit codes:
  0  nothing at or above --fail-on
  1  something is
  2  usage or configuration error"""

DIFF = """\
LEFT and RIGHT are addresses of snapshots: production (its latest), production#42, production~2 (two back),
production@{2026-11-20T12:00Z}, production@{2.weeks.ago}. The token is one that may read: it begins with pcu_.

examples:
  parity diff staging production                what is not the same
  parity diff production~1 production --section dependencies
  parity diff 'production@{1.week.ago}' production --exit-code > /dev/null || echo changed
  parity diff staging production --only same --format json

exit codes:
  0  compared; with --exit-code: and nothing differs
  1  only with --exit-code: something differs, or is on one side only. What is unknown is no difference
  2  usage or configuration error, or no such snapshot
  3  the server could not be reached or refused"""

DEPLOY = """\
Needs a token that begins with pcg_. Commit, release, actor and address of the job are those of git and of the CI job
where they are not named. A job that is tried again tells of the same deploy, and it is kept once.

examples:
  parity deploy --environment production                      at the end of the job that deploys
  parity deploy --environment production --status failure
  parity deploy --environment production --commit $(git rev-parse v1.4.0^0) --release v1.4.0 --approver bo

exit codes:
  0  kept, or known already
  2  usage or configuration error
  3  the server could not be reached or refused"""

KEYGEN = """\
A key turns chosen values into fingerprints, so that equal secrets are found and no value is sent.
The server never has it. Use one for laptops and CI and another for staging and production.

examples:
  parity keygen --out /etc/parity/key           a file of mode 0600; name it in PARITY_KEY_FILE
  parity keygen                                 to stdout, for a secret store"""
