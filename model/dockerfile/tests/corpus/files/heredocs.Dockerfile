# syntax=docker/dockerfile:1.4
FROM debian:12-slim
RUN <<EOF
#!/usr/bin/env bash
set -e
echo "FROM inside" && cat <<INNER
RUN nothing
INNER
EOF
COPY <<-"CONFIG" <<index.html /srv/
	key = $NOT_REPLACED
	CONFIG
<h1>$HOME</h1>
index.html
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=secret,id=token \
    --mount=type=bind,source=src,target=/src,rw \
    cat /run/secrets/token > /dev/null
RUN 3<<ONE cat <&3
one
ONE
ONBUILD COPY <<trigger /x
content
trigger
