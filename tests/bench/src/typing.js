// Times keystrokes in a Dockerfile: node typing.js MODULE LINES prints milliseconds as JSON.
const [module_, lines] = process.argv.slice(2);
const { Typing } = require(module_);

const block = [
  "FROM debian:12 AS stage%",
  "ARG VERSION=1.%",
  "ENV TOOL_VERSION=$VERSION TOOL_HOME=/opt/tool%",
  "WORKDIR $TOOL_HOME",
  "COPY src%/*.c include/ ./",
  "RUN set -eux; \\",
  "\tapt-get update; \\",
  "\tapt-get install -y --no-install-recommends gcc make wget ca-certificates; \\",
  '\tarch="$(dpkg --print-architecture)"; \\',
  '\tcase "$arch" in amd64) url="https://example.com/x-${TOOL_VERSION%.*}" ;; *) exit 1 ;; esac; \\',
  '\twget -O tool.tar.gz "$url"; \\',
  "\ttar -xzf tool.tar.gz --strip-components=1 | cat; \\",
  "# a comment between",
  '\tmake -j "$(nproc)"; \\',
  "\trm -rf /var/lib/apt/lists/*",
  'LABEL org.example.name="tool %" org.example.version=$VERSION',
  "EXPOSE 80% 443/tcp",
  "USER 1000:1000",
  'CMD ["tool", "--number", "%"]',
  "",
];
let text = "";
for (let n = 0; n < lines; n++) text += block[n % block.length].replaceAll("%", Math.floor(n / block.length)) + "\n";
const typing = new Typing();
const times = [];
for (let n = 0; n < 60; n++) {
  const typed = text + "RUN echo " + "x".repeat(n);
  const begun = performance.now();
  typing.keystroke(typed);
  times.push(performance.now() - begun);
}
console.log(JSON.stringify({ times: times.slice(10) }));
