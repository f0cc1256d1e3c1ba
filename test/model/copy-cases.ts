import type { ModelCase } from "./model-case.js";

const few = { WRITERS: 1, CUTS: 0, RESTARTS: 0, LEASES: 2 };
const EQUAL = "at the decision every byte of D equals S";
const ON_S = "a write is carried out and acknowledged on S only before the decision";

/** The searches of copy.pml. */
export const copyCases: readonly ModelCase[] = [
  {
    model: "copy",
    title: "two writers, one truncates; two leases",
    bounds: { LEASES: 2, RESTARTS: 0 },
    verdict: "holds",
    about: "",
  },
  {
    model: "copy",
    title: "one writer that truncates, S restarts, two leases",
    bounds: { WRITERS: 1, LEASES: 2 },
    verdict: "holds",
    about: "",
  },
  {
    model: "copy",
    title: "one writer that truncates, three leases",
    bounds: { WRITERS: 1, RESTARTS: 0 },
    verdict: "holds",
    about: "",
  },
  {
    model: "copy",
    title: "two writers, S restarts, three leases",
    verdict: "holds",
    bits: 24,
    about: "",
  },
  {
    model: "copy",
    title: "two writers, S restarts, three leases",
    verdict: "holds",
    bits: 35,
    isLarge: true,
    about: "",
  },
  {
    model: "copy",
    title: "no fence",
    rules: ["NO_FENCE"],
    bounds: few,
    verdict: "breaks",
    claim: EQUAL,
    about:
      "A write to D that the runner has given up lands after the newer copy of the same block. Nobody will copy that block again: on S nothing has changed since.",
  },
  {
    model: "copy",
    title: "no drain at the grant",
    rules: ["NO_DRAIN"],
    bounds: few,
    verdict: "breaks",
    claim: ON_S,
    about: "A write that S let in before the lease is carried out under it, after its block was read.",
  },
  {
    model: "copy",
    title: "no dirty extents",
    rules: ["NO_DIRTY"],
    bounds: few,
    verdict: "breaks",
    claim: EQUAL,
    about: "The runner trusts that what it has copied once stays as it is between two leases.",
  },
  {
    model: "copy",
    title: "no exclusive lease",
    rules: ["NO_EXCLUSIVE"],
    bounds: few,
    verdict: "breaks",
    claim: ON_S,
    about: "The runner asks what is dirty, copies that and commits, and holds nothing meanwhile.",
  },
  {
    model: "copy",
    title: "a commit that does not ask for its lease",
    rules: ["BLIND_COMMIT"],
    bounds: few,
    verdict: "breaks",
    claim: ON_S,
    about: "S has revoked the exclusive lease and let a writer in; the commit comes all the same.",
  },
  {
    model: "copy",
    title: "truncations that leave no mark",
    rules: ["TRUNCATE_UNMARKED"],
    bounds: { WRITERS: 1, RESTARTS: 0, LEASES: 2, OPS: 2 },
    verdict: "breaks",
    claim: EQUAL,
    about:
      "Only writes are marked, as in the protection that GlusterFS ships. A file that shrinks and grows again reads as zeros on S, and as what it was on D.",
  },
  {
    model: "copy",
    title: "the base raised at each unlock",
    rules: ["BASE_AT_COMMIT"],
    bounds: { ...few, LEASES: 3 },
    verdict: "breaks",
    claim: EQUAL,
    about:
      "The runner asks what is dirty since its last lease, not since the first one of the pass: a block of the first, modified between the two, is told by nobody.",
  },
  {
    model: "copy",
    title: "nothing dirty after a restart",
    rules: ["KNOWN_AFTER_RESTART"],
    bounds: { ...few, RESTARTS: 1 },
    verdict: "breaks",
    claim: EQUAL,
    about:
      "S has lost its marks with its memory, and says that there are none instead of that it does not know.",
  },
  {
    model: "copy",
    title: "epochs that begin anew after a restart",
    rules: ["EPOCHS_ANEW"],
    bounds: { ...few, RESTARTS: 1 },
    verdict: "breaks",
    claim: EQUAL,
    about: "The same number stands for two moments, and S takes the older for the newer.",
  },
  {
    model: "copy",
    title: "an unlock of a dead lease that reports success",
    rules: ["UNLOCK_LIES"],
    bounds: { WRITERS: 1, CUTS: 0, RESTARTS: 0, LEASES: 3 },
    verdict: "holds",
    about: "",
  },
  {
    model: "copy",
    title: "reads under a dead lease are served",
    rules: ["READ_LIES"],
    bounds: { WRITERS: 1, CUTS: 0, RESTARTS: 0, LEASES: 3 },
    verdict: "holds",
    about: "",
  },
];
