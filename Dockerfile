# One image for every service of docker-compose.yml; the command says which.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements-run.lock ./
RUN python -m venv /opt/tieout && /opt/tieout/bin/pip install --no-cache-dir --require-hashes -r requirements-run.lock

FROM node:22-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY scripts/setup.py scripts/setup.py
COPY app/dashboard/icons.txt app/dashboard/icons.txt
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 && python3 scripts/setup.py --assets

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/tieout --create-home tieout
COPY --from=build /opt/tieout /opt/tieout
WORKDIR /srv/tieout
COPY pyproject.toml README.md LICENSE alembic.ini ./
COPY app app
COPY workers workers
COPY sandbox sandbox
COPY alembic alembic
COPY docs docs
COPY --from=assets /build/app/dashboard/static/vendor app/dashboard/static/vendor
RUN printf '#!/opt/tieout/bin/python\nfrom app.cli import main\n\nmain()\n' > /usr/local/bin/tieout && chmod 755 /usr/local/bin/tieout
ENV PATH=/opt/tieout/bin:$PATH PYTHONPATH=/srv/tieout PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER tieout
EXPOSE 8000
CMD ["tieout", "up"]
