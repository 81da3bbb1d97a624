"""Django's backend for PostgreSQL, which waits for no answer for ever."""
