"""How long what is kept, in days."""

from paritycheck.config import env


def days() -> dict[str, int]:
    """What an agent's spool of 7 days sends twice has to be known again; the audit log has a guard in the database."""
    return {
        "reports": env.integer("KEEP_REPORTS_DAYS", 90, least=14),
        "deliveries": env.integer("KEEP_DELIVERIES_DAYS", 30),
        "audit": env.integer("KEEP_AUDIT_DAYS", 365, least=365),
    }
