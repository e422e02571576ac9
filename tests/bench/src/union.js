// Times the union of layers: node union.js MODULE INDEX… prints milliseconds as JSON.
const { readFileSync } = require("fs");
const [module_, ...indexes] = process.argv.slice(2);
const { Bench } = require(module_);

const bench = new Bench();
const time = (act) => {
  const begun = performance.now();
  const result = act();
  return [performance.now() - begun, result];
};
let entries = 0;
let decode = 0;
for (const path of indexes) {
  const bytes = readFileSync(path);
  const [took, count] = time(() => bench.add(bytes));
  decode += took;
  entries += count;
}
const rounds = [...Array(25).keys()];
const all = rounds.map(() => time(() => bench.unite())[0]);
const without = rounds.map((n) => time(() => bench.unite(n % indexes.length))[0]);
console.log(JSON.stringify({ entries, nodes: bench.unite(), decode, all, without }));
