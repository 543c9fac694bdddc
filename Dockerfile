# The emulator as a container: six vendors on one charger, or the scenario given to `run`.
#   docker build -t charger-emulator .
#   docker run --rm --network host charger-emulator
#   docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --network host charger-emulator
# What is published with -p is open to whoever reaches it, the control API included, unless it is given a token
# (CHARGER_EMULATOR_TOKEN_FILE); see SECURITY.md.
#   docker run --rm -p 127.0.0.1:8000:8000 -p 8101:8101 -v "$PWD:/scenarios" charger-emulator run /scenarios/night.yaml

FROM python:3.13-slim AS build
# The version, where the history is not at hand: --build-arg VERSION=1.2.3
ARG VERSION=
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY emulator emulator
COPY scenarios scenarios
# Byte code is compiled here: a container starts a second faster than with a cold cache.
RUN if [ -n "$VERSION" ]; then export SETUPTOOLS_SCM_PRETEND_VERSION_FOR_CHARGER_EMULATOR="$VERSION"; fi \
    && python3 -m venv /opt/emulator \
    && /opt/emulator/bin/pip install --no-cache-dir --no-compile ".[explore]" \
    && /opt/emulator/bin/pip uninstall --yes --quiet pip \
    && python3 -m compileall -q -j 0 /opt/emulator/lib

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Charger emulator" \
      org.opencontainers.image.description="Simulated EV wallboxes that real client software cannot tell from the devices." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
    && apt-get install --yes --no-install-recommends mosquitto \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin emulator
COPY --from=build /opt/emulator /opt/emulator
ENV PATH=/opt/emulator/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CHARGER_EMULATOR_BIND=0.0.0.0 \
    CHARGER_EMULATOR_OPEN_CONTROL=1
USER 10001
WORKDIR /home/emulator
EXPOSE 8000 1883 4432 4712 4713 8101-8107 8125 8880 5021-5023 5025 5026 5031 5032 7090/udp
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["charger-emulator", "ctl", "health"]
ENTRYPOINT ["charger-emulator"]
CMD ["run"]
