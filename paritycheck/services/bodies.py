"""Stores section bodies and policy texts, once per project by digest."""

from paritycheck.codec.bodies import deflate
from paritycheck.codec.digests import digest_of
from paritycheck.models import Project, SectionBody


def keep_body(*, project: Project, digest: bytes, section: str, evidence: bool, decoded: bytes, stored: bytes) -> None:
    """Keep a body, or note that it came again."""
    SectionBody.objects.bulk_create(
        [
            SectionBody(
                project=project,
                digest=digest,
                section=section,
                evidence=evidence,
                body=stored,
                decoded_length=len(decoded),
            ),
        ],
        update_conflicts=True,
        unique_fields=["project", "digest"],
        update_fields=["received_at"],
    )


def keep_made(*, project: Project, section: str, evidence: bool, decoded: bytes) -> bytes:
    """Keep a body that the server made by merging; returns its digest."""
    digest = digest_of(decoded)
    keep_body(
        project=project, digest=digest, section=section, evidence=evidence, decoded=decoded, stored=deflate(decoded)
    )
    return digest
