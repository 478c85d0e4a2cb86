# Build with `docker build .`; run `migrate` once, then `serve` and `worker`, as compose.yaml does.
FROM python:3.11-slim AS build
WORKDIR /srv/commons
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
COPY requirements.lock requirements-bootstrap.lock ./
COPY app/launch/bootstrap.py app/launch/
RUN python3 app/launch/bootstrap.py requirements.lock
COPY commons package.json package-lock.json .npmrc requirements-assets.lock ./
COPY app app
RUN ./commons assets

FROM python:3.11-slim
WORKDIR /srv/commons
COPY --from=build /srv/commons/.venv .venv
COPY commons requirements.lock alembic.ini ./
COPY migrations migrations
COPY --from=build /srv/commons/app app
USER 10001:10001
ENV ENVIRONMENT=production PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["./commons"]
CMD ["serve", "--host", "0.0.0.0"]
