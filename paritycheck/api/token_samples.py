"""A token as the API's document shows it."""

EXAMPLE = {
    "id": "Cd4kTq0Zp2Lm",
    "shown": "pcg_Cd4kTq0Zp2Lm",
    "kind": "gate",
    "name": "GitHub of shop",
    "environment": None,
    "instance": None,
    "scopes": ["gate", "deploy", "record"],
    "uses": None,
    "used": None,
    "made_by": "maria@example.com",
    "created_at": "2026-11-24T09:12:03Z",
    "expires_at": "2027-02-22T09:12:03Z",
    "last_used_at": "2026-11-24T09:31:00Z",
    "last_used_from": "203.0.113.7",
    "from": ["203.0.113.0/24"],
    "refused": 0,
    "refused_at": None,
    "refused_from": None,
}
PAGE_EXAMPLE = {"next": None, "previous": None, "results": [EXAMPLE]}
SECRET = {"token": "pcg_Cd4kTq0Zp2Lm_..."}
