import type { FuzzTarget } from "./target.js";
import { brickAnswers } from "./targets/brick-answers.js";
import { brickSessions } from "./targets/brick-sessions.js";
import { configFile } from "./targets/config-file.js";
import { inodeRecords } from "./targets/inode-records.js";
import { journals, spoiltJournals } from "./targets/journals.js";
import { recordMarks } from "./targets/record-marks.js";
import { changeLogs, recordsFiles, storeFiles } from "./targets/store-files.js";
import { volfile } from "./targets/volfile.js";
import { wireBodies } from "./targets/wire-bodies.js";
import { xdata } from "./targets/xdata.js";

/** Everything that reads bytes from outside or from a disk. */
export const targets: readonly FuzzTarget[] = [
  wireBodies,
  xdata,
  recordMarks,
  brickSessions,
  brickAnswers,
  volfile,
  configFile,
  journals,
  spoiltJournals,
  inodeRecords,
  storeFiles,
  changeLogs,
  recordsFiles,
];
