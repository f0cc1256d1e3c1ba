import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { app } from "../../tsup.base.js";

const storeRequire = createRequire(join(import.meta.dirname, "../../packages/brick/package.json"));

export default app(
  { fuzz: join(import.meta.dirname, "cli.ts") },
  {
    outDir: join(import.meta.dirname, "dist"),
    outExtension: () => ({ js: ".mjs" }),
    external: [],
    noExternal: [/^(?!lmdb$)/],
    esbuildPlugins: [
      {
        // Recorded messages and corpora lie beside the sources, not beside the bundle.
        name: "places-of-sources",
        setup(build) {
          // Not a dependency of the tests, but of the store that they use.
          build.onResolve({ filter: /^lmdb$/ }, () => ({
            path: storeRequire.resolve("lmdb"),
            external: true,
          }));
          build.onLoad({ filter: /brickshift|packages\/|apps\/|test\/fuzz/ }, ({ path }) => {
            if (!path.endsWith(".ts") || path.includes("node_modules")) return undefined;
            const text = readFileSync(path, "utf8")
              .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
              .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)));
            return { contents: text, loader: "ts" };
          });
        },
      },
    ],
  },
);
