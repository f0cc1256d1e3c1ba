import { join } from "node:path";
import { app } from "../../tsup.base.js";

const here = (file: string) => join(import.meta.dirname, file);

export default app(
  { chaos: here("cli.ts"), player: here("clients/player-main.ts") },
  { outDir: here("dist"), outExtension: () => ({ js: ".mjs" }) },
);
