/** Build: one file per entry, for the oldest Outlook that runs it. `node build.js [folder]` writes into dist/. */

import { fileURLToPath } from "node:url";

import { build } from "esbuild";

await build({
  entryPoints: ["src/spamreporting.js", "src/taskpane.js"],
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  outdir: process.argv[2] ?? "dist",
  bundle: true,
  format: "iife",
  target: "es2016",
  charset: "utf8",
  minify: true,
  legalComments: "inline",
  logLevel: "warning",
});
