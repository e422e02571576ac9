// Fetches one package of the npm registry: node fetch.mjs TARBALL INTEGRITY FILE
// npm itself would do, but Debian's brings four hundred packages with it.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

const [path, integrity, file] = process.argv.slice(2);
const registry = (process.env.npm_config_registry ?? "https://registry.npmjs.org").replace(/\/$/, "");
const answer = await fetch(`${registry}/${path}`);
if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${answer.statusText}`);
const bytes = Buffer.from(await answer.arrayBuffer());
const found = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
if (found !== integrity) throw new Error(`${answer.url} is ${found}: expected ${integrity}`);
writeFileSync(file, bytes);
