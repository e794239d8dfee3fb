// The canvas as one script and one stylesheet. Vite gets everything from here: no configuration lies about.
import { join, sep } from "node:path";
import { build } from "vite";

/** Builds `canvas.js` and `canvas.css` into `dist`. Answers with the packages whose code is inside. */
export async function buildCanvas(source, dist) {
  const result = await build({
    configFile: false,
    envFile: false,
    root: source,
    publicDir: false,
    logLevel: "warn",
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: "es2022",
      cssCodeSplit: false,
      reportCompressedSize: false,
      modulePreload: false,
      rollupOptions: {
        onwarn(warning, warn) {
          if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning); // “use client” says nothing here
        },
        input: join(source, "main.tsx"),
        output: { format: "iife", entryFileNames: "canvas.js", assetFileNames: "canvas[extname]" },
      },
    },
  });
  const { output } = Array.isArray(result) ? result[0] : result;
  const modules = output.flatMap((part) => (part.type === "chunk" ? Object.keys(part.modules) : []));
  return [...new Set([...modules.flatMap(packageOf), "@xyflow/react"])].sort();
}

/** The package that a module belongs to; none for our own. */
function packageOf(path) {
  const inside = path.split(`node_modules${sep}`).slice(1).pop();
  if (!inside) return [];
  const [scope, name] = inside.split(/[\\/]/);
  return [scope.startsWith("@") ? `${scope}/${name}` : scope];
}
