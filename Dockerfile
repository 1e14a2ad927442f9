# Danqing in a container. On the CPU:
#   docker build -t danqing .
# With CUDA, for a host that has the NVIDIA container toolkit (the default index's Linux build of PyTorch brings CUDA):
#   docker build -t danqing --build-arg TORCH_INDEX=https://pypi.org/simple .
FROM python:3.11-slim

ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    OMP_WAIT_POLICY=PASSIVE

WORKDIR /app

# First what changes seldom: PyTorch, then everything else at the pinned versions. The packages themselves come after,
# so that a changed line of code does not install anything again.
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN pip install --index-url "$TORCH_INDEX" "$(grep '^torch==' constraints.txt)" \
    && pip install -c constraints.txt -e '.[hosts,s3]' \
    && pip install -c constraints.txt --no-deps spandrel einops

COPY . .

RUN useradd --uid 1000 --home-dir /app --no-create-home --shell /usr/sbin/nologin danqing \
    && mkdir -p data models loras embeddings vaes controlnets upscalers detectors taggers backups \
    && chown danqing data models loras embeddings vaes controlnets upscalers detectors taggers backups
USER danqing
VOLUME ["/app/data", "/app/models", "/app/loras", "/app/embeddings", "/app/vaes", "/app/controlnets", \
    "/app/upscalers", "/app/detectors", "/app/taggers"]

# Inside a container 127.0.0.1 reaches nobody, so the page listens on every address, and that takes a password: the
# start is refused, with a sentence that says so, until a file is mounted here (or DANQING_WEB_PASSWORD is set).
ENV DANQING_WEB_HOST=0.0.0.0 \
    DANQING_WEB_PASSWORD_FILE=/run/secrets/web-password
EXPOSE 7860

# Answers inside the container as long as the program is not stuck, with the page or without it, leading or standing by;
# one that is stuck for a minute ends by itself, and is started again.
ENV DANQING_METRICS_PORT=9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['DANQING_METRICS_PORT'] + '/health', timeout=4)"]

ENTRYPOINT ["python", "bot.py"]
CMD ["run"]
