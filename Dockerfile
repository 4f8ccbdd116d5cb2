# The README's first command in a container: docker build -t crackseg . && docker run crackseg
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /crackseg
COPY . .

# A package index with another build of torch, for a GPU or for the processor alone.
ARG TORCH_INDEX=
ENV PIP_EXTRA_INDEX_URL=${TORCH_INDEX} PIP_NO_CACHE_DIR=1
RUN make setup
CMD ["make", "train"]
