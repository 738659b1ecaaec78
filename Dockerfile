# One image, three processes: web, worker and beat differ in their command only (see compose.yaml).
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.txt
COPY . .
# Compiled translations and hashed, compressed static files go into the image: a start changes no
# file. The settings only have to be complete here; none of these values leaves this step.
RUN SECRET_KEY=build ALLOWED_HOSTS=build DATABASE_URL=postgresql:/// REDIS_URL=redis://build \
    /venv/bin/python manage.py collectstatic --no-input

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home kopilka
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER kopilka
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "config.wsgi:application", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--respawn-failed-workers", "--no-ws"]
