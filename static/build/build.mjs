// Builds static/dist from static/src. Reproducible: the same sources and package-lock.json give the same bytes.
// The output is committed, so that running VoiceOps needs no Node (voiceops/lib/assets.py detects drift without it).
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCanvas } from "./canvas.mjs";
import { iconNames, sprite } from "./icons.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const src = join(root, "static", "src");
const dist = join(root, "static", "dist");
const modules = join(root, "node_modules");

export function walk(folder, keep) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? walk(path, keep) : keep(path) ? [path] : [];
    });
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "fonts"), { recursive: true });

// Scripts: one bundle a page kind; the worklet is loaded by the audio thread and stands alone.
await build({
  entryPoints: ["app", "theme", "charts", "call", "talk", "draft", "clips", "worklet"].map((name) => join(src, "ts", `${name}.ts`)),
  outdir: dist,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  legalComments: "none",
  logLevel: "warning",
});

// The canvas: a React island, built by Vite. It names what it carries.
const inCanvas = await buildCanvas(join(src, "canvas"), dist);

// Styles.
execFileSync(
  process.execPath,
  [join(modules, "@tailwindcss", "cli", "dist", "index.mjs"), "-i", join(src, "css", "app.css"), "-o", join(dist, "app.css"), "--minify"],
  { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
);

// The typeface, as the woff2 files that app.css names.
const fonts = join(modules, "@fontsource-variable", "inter", "files");
for (const set of ["latin", "latin-ext", "cyrillic", "greek", "vietnamese"]) {
  copyFileSync(join(fonts, `inter-${set}-wght-normal.woff2`), join(dist, "fonts", `inter-${set}.woff2`));
}

copyFileSync(join(src, "favicon.svg"), join(dist, "favicon.svg"));

// Icons: the ones that templates, scripts and Python name.
const scanned = [
  ...walk(join(root, "templates"), (path) => path.endsWith(".html")),
  ...walk(join(src, "ts"), (path) => path.endsWith(".ts")),
  ...walk(join(src, "canvas"), (path) => /\.tsx?$/.test(path)),
  ...walk(join(root, "media_worker", "contract"), (path) => path.endsWith(".py")),
  ...["agents", "calls", "tenants", "voiceops"].flatMap((room) =>
    walk(join(root, room), (path) => /\.(py|html|toml)$/.test(path)),
  ),
];
const names = iconNames(scanned.map((path) => readFileSync(path, "utf8")));
writeFileSync(join(dist, "icons.svg"), sprite(names, join(modules, "lucide-static", "icons")));

// Licences of what is inside the bundles.
const carried = ["htmx.org", "chart.js", "wavesurfer.js", "lucide-static", "@fontsource-variable/inter", "tailwindcss", ...inCanvas];
const licences = carried.map((name) => {
  const folder = join(modules, name);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `${about.license} licence.`;
  return `${name} ${about.version} (${about.license})\n\n${text}\n`;
});
writeFileSync(join(dist, "LICENCES.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));

// The manifest: what was built from what. Line endings are as committed, so hashes agree everywhere.
const digest = (path) => createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16);
const hashes = (paths) => Object.fromEntries(paths.map((path) => [relative(root, path).replaceAll("\\", "/"), digest(path)]));
const sources = [
  join(root, "package.json"),
  join(root, "package-lock.json"),
  ...walk(join(root, "static", "build"), () => true),
  ...walk(src, () => true),
];
const built = walk(dist, () => true);
writeFileSync(
  join(dist, "manifest.json"),
  `${JSON.stringify({ icons: names, sources: hashes(sources), built: hashes(built) }, null, 1)}\n`,
);
const size = built.reduce((sum, path) => sum + statSync(path).size, 0);
console.log(`static/dist: ${built.length} files, ${Math.round(size / 1024)} kB, ${names.length} icons`);
