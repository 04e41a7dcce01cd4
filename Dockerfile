# The page on a school's server; docs/hosting.md says how it is built and started.
FROM python:3.12-slim

WORKDIR /app
# An index with PyTorch's build for CPUs may be named when this is built: a tenth of the size.
ARG PIP_EXTRA_INDEX_URL
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py LICENSE ./
COPY cyclegan ./cyclegan
COPY checkpoints ./checkpoints
# Trainings are written to runs/, which a volume keeps.
RUN useradd --create-home page && mkdir runs && chown page runs
USER page

ENV PYTHONUNBUFFERED=1 GRADIO_SERVER_PORT=7860
EXPOSE 7860
HEALTHCHECK --start-period=120s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['GRADIO_SERVER_PORT'], timeout=20)"]
ENTRYPOINT ["python", "app.py", "--host", "0.0.0.0"]
