/** Build: one file per entry, for the oldest Outlook that runs it. `node build.js [folder]` writes into dist/. */

import { fileURLToPath } from "node:url";

import { build } from "esbuild";

/** @type {import("esbuild").BuildOptions} */
const alike = {
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  outdir: process.argv[2] ?? "dist",
  bundle: true,
  format: "iife",
  charset: "utf8",
  minify: true,
  legalComments: "inline",
  logLevel: "warning",
};
await build({ ...alike, entryPoints: ["src/spamreporting.js", "src/taskpane.js"], target: "es2016" });
await build({ ...alike, entryPoints: ["src/old.js"], target: "es5" });
