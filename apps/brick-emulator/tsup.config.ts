import { app } from "../../tsup.base.js";

export default app({ cli: "src/cli.ts" });
