FROM buildpack-deps:bookworm
# runtime dependencies
RUN apt-get update && apt-get install -y --no-install-recommends \
		ca-certificates=2023* \
		curl \
	&& rm -rf /var/lib/apt/lists/*
ENV GPG_KEY 7169605F62C751356D054A26A821E680E5FA6305
RUN set -eux; savedAptMark="$(apt-mark showmanual)"; \
	url='https://example.com/'; \
	key="${GPG_KEY#0x}"; \
	GNUPGHOME="$(mktemp -d)"; export GNUPGHOME; \
	gpg --batch --keyserver hkps://keys.example --recv-keys "$key"; \
	[ "$(find . -name '*.so' -print | wc -l)" -gt 0 ] || true; \
	apt-mark auto '.*' > /dev/null; \
	[ -z "$savedAptMark" ] || apt-mark manual $savedAptMark; \
	find /usr/local -type f -executable -not \( -name '*tkinter*' \) -exec ldd '{}' ';' \
		| awk '/=>/ { so = $(NF-1); if (index(so, "/usr/local/") == 1) { next }; gsub("^/(usr/)?", "", so); print so }' \
		| sort -u \
		| xargs -r dpkg-query --search \
		| cut -d: -f1 \
		| sort -u \
		| xargs -r apt-mark manual \
	; \
	python3 --version
RUN pip install --no-cache-dir -r requirements.txt && npm ci && gem install bundler:2.5
EXPOSE 8080
CMD ["python3"]
