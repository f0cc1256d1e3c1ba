import { join } from "node:path";
import { app } from "../../tsup.base.js";

export default app(
  { sim: join(import.meta.dirname, "cli.ts") },
  { outDir: join(import.meta.dirname, "dist"), outExtension: () => ({ js: ".mjs" }) },
);
