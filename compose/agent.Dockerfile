# The agent as an image: one file on a Python, as a user without rights. From the top of the repository:
#   make agent
#   docker build -f compose/agent.Dockerfile -t paritycheck-agent .
# Beside the application, with its configuration and its checkout read-only:
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges --env-file .env \
#     -e PARITY_URL=https://parity.example -v ./token:/run/secrets/parity:ro -v .:/app:ro -v parity:/state paritycheck-agent
# The token's file belongs to user 10001, mode 0400. The base may be any with a python3 from 3.9 on: one with git in it
# tells of earlier commits too, without git the agent reads which commit is checked out.
ARG BASE=python:3.13-alpine@sha256:399babc8b49529dabfd9c922f2b5eea81d611e4512e3ed250d75bd2e7683f4b0
FROM ${BASE}
COPY --chmod=755 dist/parity.pyz /usr/local/bin/parity
RUN mkdir -m 700 /state && chown 10001:10001 /state
ENV PARITY_TOKEN_FILE=/run/secrets/parity PARITY_STATE_DIR=/state
VOLUME ["/state"]
WORKDIR /app
USER 10001:10001
STOPSIGNAL SIGTERM
# Whether the last report was taken and nothing waits.
HEALTHCHECK --interval=5m --timeout=30s --start-period=2m CMD ["python3", "-I", "/usr/local/bin/parity", "status"]
ENTRYPOINT ["python3", "-I", "/usr/local/bin/parity"]
CMD ["watch", "-C", "/app"]
