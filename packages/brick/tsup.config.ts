import { library } from "../../tsup.base.js";

export default library(["src/index.ts", "src/store-disk.ts", "src/store-compliance.ts", "src/fsck.ts"]);
