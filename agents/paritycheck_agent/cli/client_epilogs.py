"""What `--help` of the commands that ask the server says below the options."""

from __future__ import annotations

_ASKING = """\
PARITY_TOKEN, or the file PARITY_TOKEN_FILE, holds a personal token, which begins with pcu_. Tables on a terminal, the
API's own JSON in a pipe; --format says otherwise."""

_CODES = """\
exit codes:
  0  answered
  2  usage or configuration error, or there is no such thing
  3  the server could not be reached or refused"""

DRIFTS = f"""\
{_ASKING}

examples:
  parity drifts
  parity drifts --severity error --pair staging..production
  parity drifts --section dependencies --name 'pkg:npm/*' --state all
  parity drifts --severity error --severity warning
  parity drifts --owner platform --changed-since 7d
  parity drifts --limit 0 | jq -r '.results[].id'

{_CODES}"""

DRIFT = f"""\
{_ASKING}

example:
  parity drift 3f9a1c22e0

{_CODES}"""

WAIVE = """\
Shows what would be hidden and asks before it waives. Needs a personal token (pcu_) with the scope `waive`, of a member
of the project or more. A waiver has a reason, an owner and an end; --all ends for each drift once both sides agree.

examples:
  parity waive 3f9a1c22e0 77b0d1e9aa --reason 'upgrade is planned' --owner platform --until 2w
  parity waive --match 'services/cache:version' --reason 'same protocol' --owner ann --until 2027-01-31
  parity waive --all --pair staging..production --reason 'adopted late' --owner platform --preview
  parity drifts --section config | jq -r '.results[].id' | xargs parity waive --yes --reason ... --owner ... --until 7d

exit codes:
  0  waived; with --preview: shown
  2  usage or configuration error, no such drift, or not agreed to
  3  the server could not be reached or refused"""

UNWAIVE = """\
Shows what would end and asks before it does so. Needs a personal token (pcu_) with the scope `waive`, of a member of
the project or more. A waiver of parity.toml ends in the file.

examples:
  parity unwaive 0e6c2d2c
  parity waivers --unused --source person | jq -r '.results[].id' | xargs parity unwaive --yes

exit codes:
  0  ended: what it hid counts again
  2  usage or configuration error, no such waiver, or not agreed to
  3  the server could not be reached or refused"""

WAIVERS = f"""\
{_ASKING}

examples:
  parity waivers
  parity waivers --within 7             those that end soon
  parity waivers --unused               those to take out

{_CODES}"""

GAPS = f"""\
Time is what waits and how long; personnel and tools are in percent, and each has its band: ok, warning, error, unknown.
Coverage says of how many facts the tools gap is known. {_ASKING}

examples:
  parity gaps
  parity gaps | jq '.pairs[] | {{pair, parity, coverage}}'

{_CODES}"""

TIME = f"""\
{_ASKING}

examples:
  parity time staging..production
  parity time staging..production --scope web

{_CODES}"""

DEPLOYS = f"""\
{_ASKING}

examples:
  parity deploys --environment production
  parity deploys --since 7d --limit 0

{_CODES}"""

ENVIRONMENTS = f"""\
{_ASKING}

example:
  parity environments

{_CODES}"""

PROJECTS = f"""\
{_ASKING}

example:
  parity projects

{_CODES}"""
