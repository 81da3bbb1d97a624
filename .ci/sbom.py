"""`make sbom`: what a release is made of, as CycloneDX, from `uv.lock`; checked by the schema of that format."""

import json
import subprocess
import sys

from audit import ROOT, program, uv

OUT = ROOT / "dist" / "paritycheck.cdx.json"
PATIENCE_S = 300
LIBRARY, CHECKER = "cyclonedx-python-lib==11.12.0", "jsonschema==4.26.0"
EXPORT = (
    "export", "--quiet", "--frozen", "--no-dev", "--all-packages", "--all-extras", "--format", "cyclonedx1.5",
    "--preview-features", "sbom-export",
)  # fmt: skip
# The library's own validator builds a grammar of addresses for minutes; its schemas without formats say as much.
CHECK = """
import json, pathlib, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.schema._res import BOM_JSON_STRICT, JSF, SPDX_JSON
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7
read = lambda path: json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
named = {"spdx.SNAPSHOT.schema.json": SPDX_JSON, "jsf-0.82.SNAPSHOT.schema.json": JSF}
base = "http://cyclonedx.org/schema/"
known = Registry().with_resources((base + name, DRAFT7.create_resource(read(path))) for name, path in named.items())
checker = Draft7Validator(read(BOM_JSON_STRICT[SchemaVersion.V1_5]), registry=known)
wrong = [f"{list(error.path)}: {error.message[:200]}" for error in checker.iter_errors(read(sys.argv[1]))]
sys.exit("; ".join(wrong[:5]) if wrong else 0)
"""


def main() -> int:
    """Write it, then have the reference library read it; that is fetched from PyPI, and no part of what is locked."""
    OUT.parent.mkdir(exist_ok=True)
    text = export()
    OUT.write_text(text, encoding="utf-8")
    asked = ("run", "--quiet", "--no-project", "--python", sys.executable, "--no-python-downloads", "--with", LIBRARY)
    asked += ("--with", CHECKER)
    checking = [program(), *asked, "python", "-c", CHECK, str(OUT)]
    try:
        done = subprocess.run(checking, cwd=ROOT, check=False, timeout=PATIENCE_S).returncode
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"{LIBRARY} could not be had within {PATIENCE_S} s. Is https://pypi.org in reach?\n")
        done = 1
    if done:
        sys.stderr.write(f"{OUT} was written, and is not valid, or could not be checked.\n")
        return 1
    count = len(json.loads(text)["components"])
    sys.stdout.write(f"{OUT.relative_to(ROOT)}: {count} components, valid CycloneDX 1.5\n")
    return 0


def export() -> str:
    """The document."""
    return uv(*EXPORT)


if __name__ == "__main__":
    sys.exit(main())
