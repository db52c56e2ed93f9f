ARG BASE=debian:12-slim
FROM ${BASE}
ENV ROLE=receiver
