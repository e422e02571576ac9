// Runs on Trunk's staging folder, before it becomes dist/.
//
// 1. The terminal and the editor are bundled into one script each, named by its hash; the page finds the names in <meta>
//    elements of index.html and loads them when a container or a workshop is opened.
// 2. The inline script that starts the page becomes a file named by its hash, so that `script-src 'self'` allows it.
// 3. In a release every text and wasm file gets a `.br` beside it.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const staging = process.env.TRUNK_STAGING_DIR;
const named = (name, code) => {
  const file = `${name}-${createHash("sha256").update(code).digest("hex").slice(0, 16)}.js`;
  writeFileSync(join(staging, file), code);
  return file;
};

const page = join(staging, "index.html");
let html = readFileSync(page, "utf8");
html = html.replace(/<script type="?module"?[^>]*>([\s\S]+?)<\/script>/g, (whole, code) => {
  if (!code.trim()) return whole;
  return `<script type="module" src="/${named("start", code.trim() + "\n")}"></script>`;
});
for (const module of ["terminal", "editor"]) {
  html = html.replace("</head>", `<meta name="strata-${module}" content="/${named(module, bundle(module))}"></head>`);
}
writeFileSync(page, html);

if (process.env.TRUNK_PROFILE === "release") {
  for (const file of readdirSync(staging, { recursive: true })) {
    const path = join(staging, file);
    if (!statSync(path).isFile() || !/\.(js|css|wasm|html|svg)$/.test(file)) continue;
    const bytes = readFileSync(path);
    const small = brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 22,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    });
    if (small.length < bytes.length * 0.95) writeFileSync(path + ".br", small);
  }
}

function bundle(module) {
  const { STRATA_ESBUILD: esbuild, STRATA_NODE_MODULES: modules } = process.env;
  if (!esbuild || !modules) {
    throw new Error("STRATA_ESBUILD and STRATA_NODE_MODULES are not set; `cargo xtask build` fetches both and sets them");
  }
  const source = fileURLToPath(new URL(`js/${module}.js`, import.meta.url));
  const options = ["--bundle", "--format=iife", "--minify", "--target=es2022", "--charset=utf8", "--loader:.css=text",
    "--legal-comments=eof", "--log-level=warning"];
  const env = { ...process.env, NODE_PATH: modules };
  return execFileSync(esbuild, [source, ...options], { env, maxBuffer: 1 << 26 });
}
