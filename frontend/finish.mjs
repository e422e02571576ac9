// Runs on Trunk's staging folder, before it becomes dist/.
//
// 1. The inline script that starts the page becomes a file named by its hash, so that `script-src 'self'` allows it.
// 2. In a release every text and wasm file gets a `.br` beside it.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const staging = process.env.TRUNK_STAGING_DIR;

const page = join(staging, "index.html");
let html = readFileSync(page, "utf8");
html = html.replace(/<script type="?module"?[^>]*>([\s\S]+?)<\/script>/g, (whole, code) => {
  if (!code.trim()) return whole;
  const name = `start-${createHash("sha256").update(code).digest("hex").slice(0, 16)}.js`;
  writeFileSync(join(staging, name), code.trim() + "\n");
  return `<script type="module" src="/${name}"></script>`;
});
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
