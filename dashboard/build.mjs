// Builds the dashboard into the Python package: one script, one style sheet, nothing else to load.
// The output depends on the sources and on package-lock.json alone, so that a test can compare it byte for byte.
import { build, context } from "esbuild";
import { copyFile, readFile, writeFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const arguments_ = process.argv.slice(2);
const out = arguments_.find(word => !word.startsWith("--")) ?? join(here, "../emulator/control/static");

const options = {
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome110", "firefox115", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
};

async function licences() {
  const { dependencies } = JSON.parse(await readFile(join(here, "package.json"), "utf8"));
  const names = [...Object.keys(dependencies), "@preact/signals-core"].sort();
  const texts = await Promise.all(names.map(async name => {
    const folder = join(here, "node_modules", name);
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    return `${name} ${version}\n\n${(await readFile(join(folder, "LICENSE"), "utf8")).trim()}\n`;
  }));
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

await mkdir(out, { recursive: true });
await copyFile(join(here, "src/index.html"), join(out, "index.html"));
await copyFile(join(here, "src/icon.svg"), join(out, "icon.svg"));
await writeFile(join(out, "licences.txt"), await licences());
if (arguments_.includes("--watch")) await (await context(options)).watch();
else await build(options);
