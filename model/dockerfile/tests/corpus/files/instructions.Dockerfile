ARG BASE=debian
ARG TAG="12"
FROM --platform=$BUILDPLATFORM ${BASE}:${TAG:-latest} as Base
MAINTAINER Somebody <somebody@example.com>
LABEL org.example.name="a name with \"quotes\"" org.example.multi="one \
two" \
      org.example.single='single $not'
LABEL legacy value with blanks
ENV OLD style with $HOME in it
ENV ONE=1 TWO="two words" THREE=three\ words FOUR='four $x' \
    FIVE=$ONE
ARG WITHOUT
ARG A B=2 C="3 4"
EXPOSE 80 443/tcp 53/udp 8000-8010 $PORT
VOLUME /data /with space
VOLUME ["/json", "/list with blank"]
WORKDIR /a/b
WORKDIR ../c
USER root:root
COPY *.txt dir/ /dest/
COPY ["with blank", "/dest dir/"]
ADD --chown=nobody:nogroup https://example.com/file archive.tar.gz /add/
ADD --checksum=sha256:0123 --keep-git-dir=true https://example.com/r.git#v1 /git/
COPY --link --parents --exclude=*.md --chmod=u=rwX,go=rX ./src /src
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5m --timeout=3s --start-period=1m30s --retries=2 CMD curl -f http://localhost/ || exit 1
HEALTHCHECK NONE
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN ["/bin/echo", "exec form"]
RUN echo shell form with $VARIABLES and "quotes" | cat
run echo lower case
ONBUILD RUN echo triggered
ONBUILD ADD . /app
CMD
ENTRYPOINT exec top -b
