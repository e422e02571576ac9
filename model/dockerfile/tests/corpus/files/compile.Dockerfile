#
# Compiles a tool from its sources, checks what was fetched, and keeps nothing but the result.
#

FROM alpine:3.20 AS build

ENV TOOL_VERSION=4.2.1 TOOL_SHA256=0123456789abcdef
ENV PATH=/opt/tool/bin:$PATH

RUN set -eux; \
	\
	apk add --no-cache --virtual .build-deps \
		gcc \
		make \
# headers
		musl-dev \
	; \
	\
	arch="$(apk --print-arch)"; \
	case "$arch" in \
		'x86_64') export GOARCH='amd64' ;; \
		'armhf' | 'armv7') export GOARCH='arm' ;; \
		*) echo >&2 "error: unsupported architecture '$arch'"; exit 1 ;; \
	esac; \
	wget -O tool.tar.gz "https://example.com/tool-${TOOL_VERSION%%-*}.tar.gz"; \
	echo "$TOOL_SHA256 *tool.tar.gz" | sha256sum -c -; \
	for file in a b c; do \
		if [ -n "${file:-}" ]; then \
			echo "$file"; \
		fi; \
	done; \
	find /opt -depth \
		\( \
			\( -type d -a \( -name test -o -name tests \) \) \
			-o \( -type f -a -name '*.pyc' \) \
		\) -exec rm -rf '{}' + \
	; \
	make -j "$(nproc)"; \
	apk del .build-deps

FROM scratch
COPY --from=build --chown=1000:1000 /opt/tool/ /opt/tool/
COPY --from=0 /etc/passwd /etc/group /etc/
USER 1000:1000
ENTRYPOINT ["/opt/tool/bin/tool"]
CMD [ "--help" ]
