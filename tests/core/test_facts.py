from __future__ import annotations

from paritycheck.core.facts import Section, Side, State, absent, present, unknown


def state(section: Section, name: str) -> tuple[State, str | None]:
    fact = section.look_up(name)
    return (fact.state, fact.reason)


def test_an_unlisted_name_inside_covers_is_absent_and_anywhere_else_not_collected() -> None:
    section = Section("dependencies", {}, ("pkg:pypi/",))
    assert state(section, "pkg:pypi/django") == (State.ABSENT, None)
    assert state(section, "pkg:npm/react") == (State.UNKNOWN, "not-collected")


def test_without_covers_nothing_is_absent_by_silence() -> None:
    assert state(Section("config", {}), "DEBUG") == (State.UNKNOWN, "not-collected")


def test_a_section_with_a_reason_is_unknown_as_a_whole() -> None:
    section = Section("services", {}, ("",), "collector-failed")
    assert state(section, "database") == (State.UNKNOWN, "collector-failed")


def test_a_section_that_was_never_sent_is_not_collected() -> None:
    side = Side("staging", "staging", "persistent", {})
    assert side.look_up("runtime", "python").reason == "not-collected"


def test_a_list_of_all_services_says_nothing_of_their_settings() -> None:
    section = Section("services", {"database": present("database", "16", kind="postgresql", via="declared")}, ("",))
    assert state(section, "cache") == (State.ABSENT, None)
    assert state(section, "database.setting.timezone") == (State.UNKNOWN, "not-collected")
    assert state(section, "database.extension.pg_trgm") == (State.UNKNOWN, "not-collected")


def test_an_authenticated_probe_that_lists_any_extension_lists_all() -> None:
    facts = {
        "database": present("database", "16.9", kind="postgresql", via="auth"),
        "database.extension.plpgsql": present("database.extension.plpgsql", "1.0"),
    }
    section = Section("services", facts)
    assert state(section, "database.extension.pg_trgm") == (State.ABSENT, None)
    assert state(section, "database.setting.timezone") == (State.UNKNOWN, "not-collected")


def test_an_absent_service_has_no_settings() -> None:
    section = Section("services", {"search": absent("search")})
    assert state(section, "search.setting.shards") == (State.ABSENT, None)


def test_members_are_read_by_type_and_never_guessed() -> None:
    fact = present("KEY", shape="url", fps=["pc1:a:b", 3], declared=True)
    assert fact.word("shape") == "url"
    assert fact.word("declared") is None
    assert fact.words("fps") == ("pc1:a:b",)
    assert fact.words("shape") == ("url",)
    assert fact.words("declared") == ()


def test_one_value_reads_alone_and_several_do_not() -> None:
    assert present("a", "2").value == "2"
    assert present("a", "2", "1").values == ("1", "2")
    assert present("a", "2", "1").value is None
    assert unknown("a", "unpinned").value is None
