// Bundles src/ into the page that the API serves, one HTML file: `node build.mjs [--out <file>]`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { build } from "esbuild";

const here = import.meta.dirname;
const { out } = parseArgs({
  options: { out: { type: "string", default: join(here, "../../layers/failover/failover/console.html") } },
}).values;

const LICENCES = "/*! Preact: MIT, (c) 2015-present Jason Miller. htm: Apache-2.0, (c) Google LLC. */";

const bundled = await build({
  entryPoints: [join(here, "src/main.js")],
  absWorkingDir: here,
  outdir: here,
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  banner: { js: LICENCES },
});

const [script, style] = ["js", "css"].map((kind) => {
  const { text } = bundled.outputFiles.find((file) => file.path.endsWith(`.${kind}`));
  return text.trim();
});
const page = readFileSync(join(here, "index.html"), "utf8")
  .replace("<style></style>", () => `<style>${style}</style>`)
  .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`);
writeFileSync(out, page);
