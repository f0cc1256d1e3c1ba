import type { ModelCase } from "./model-case.js";

const few = { WRITERS: 1, RESTARTS: 0, READERS: 0, CLEANERS: 0 };
const cleaned = { WRITERS: 1, RESTARTS: 0, READERS: 0 };
const LOST = "the data is never lost";
const NAMES = "no name of the file is lost";

/** The searches of flip.pml. */
export const flipCases: readonly ModelCase[] = [
  {
    model: "flip",
    title: "two runners, two writers, a reader, a cleaner",
    bounds: { RESTARTS: 0 },
    verdict: "holds",
    about: "",
  },
  {
    model: "flip",
    title: "two runners, a writer, a cleaner, both bricks restart",
    bounds: { WRITERS: 1, READERS: 0 },
    verdict: "holds",
    about: "",
  },
  {
    model: "flip",
    title: "two runners, two writers, a reader, a cleaner, both bricks restart",
    verdict: "holds",
    isLarge: true,
    about: "",
  },
  {
    model: "flip",
    title: "D published first",
    rules: ["PUBLISH_FIRST"],
    bounds: few,
    verdict: "breaks",
    claim: "no two data files at any moment",
    about: "As GlusterFS does: D becomes a data file, then S a link file.",
  },
  {
    model: "flip",
    title: "D published first, and what a reader sees",
    rules: ["PUBLISH_FIRST", "WATCH_READS"],
    bounds: { WRITERS: 1, RESTARTS: 0, CLEANERS: 0, SECOND: 0 },
    verdict: "breaks",
    claim: "no read is older than a write acknowledged before it began",
    about:
      "Two data files are not ugly only. One client writes to the one, and another, told of it, reads from the other.",
  },
  {
    model: "flip",
    title: "D not prepared",
    rules: ["NO_PREPARE", "NO_RENAMES", "ONE_NAME"],
    bounds: { ...cleaned, SECOND: 0 },
    verdict: "breaks",
    claim: LOST,
    about:
      "S commits while D is a link file like any other. Until it is published there are two link files and no data file, and a stock client that looks everywhere removes both as stale.",
  },
  {
    model: "flip",
    title: "no exclusive lease on D",
    rules: ["NO_LEASE_ON_D"],
    bounds: cleaned,
    verdict: "breaks",
    claim: NAMES,
    about:
      "A client takes a name of the link file away after the names were matched, and dies before it comes to S.",
  },
  {
    model: "flip",
    title: "a preparation that does not ask for its lease",
    rules: ["BLIND_PREPARE"],
    bounds: cleaned,
    verdict: "breaks",
    claim: NAMES,
    about: "The lease on D was taken, and revoked between the matching of names and the preparation.",
  },
  {
    model: "flip",
    title: "fops let in on D while it is prepared",
    rules: ["NO_BARRIER_ON_D"],
    bounds: cleaned,
    verdict: "breaks",
    claim: NAMES,
    about: "The lease was held when D looked, and is revoked while the data goes to the disk.",
  },
  {
    model: "flip",
    title: "fops let in on S while it commits",
    rules: ["NO_BARRIER_ON_S"],
    bounds: few,
    verdict: "breaks",
    claim: "what was acknowledged is kept",
    about:
      "The lease was held when S looked, and is revoked while the decision goes to the disk: a writer slips in.",
  },
  {
    model: "flip",
    title: "a commit that does not ask for its lease",
    rules: ["BLIND_COMMIT"],
    bounds: few,
    verdict: "breaks",
    claim: LOST,
    about:
      "A second runner found data on S and aborted the target; the first one's commit is still under way.",
  },
  {
    model: "flip",
    title: "no answer taken for a refusal",
    rules: ["TRUST_SILENCE"],
    bounds: few,
    verdict: "breaks",
    claim: LOST,
    about: "The runner hears nothing of its commit, and aborts the target.",
  },
  {
    model: "flip",
    title: "S looked at without a lease",
    rules: ["LOOK_UNLEASED"],
    bounds: few,
    verdict: "breaks",
    claim: LOST,
    about:
      "The runner hears nothing, looks at S, sees data, and aborts. The commit was under way and is carried out after the look.",
  },
  {
    model: "flip",
    title: "a prepared target dropped without asking S",
    rules: ["ABORT_UNASKED"],
    bounds: few,
    verdict: "breaks",
    claim: LOST,
    about: "A runner that finds a target takes it for what a dead one left.",
  },
  {
    model: "flip",
    title: "no fence on the steps",
    rules: ["NO_FENCE"],
    bounds: few,
    verdict: "breaks",
    claim: LOST,
    about: "An abort that was right when it was sent comes when another runner has prepared D.",
  },
];
