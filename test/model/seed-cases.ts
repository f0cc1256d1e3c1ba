import type { ModelCase } from "./model-case.js";

const one = { CLIENTS: 1, OPS: 1 };
const two = { CLIENTS: 2, OPS: 1 };
const claim = "when the copy is done and all is quiet every byte of D equals S";

/** The searches of seed.pml. */
export const seedCases: readonly ModelCase[] = [
  {
    model: "seed",
    title: "all that the mails take for granted, two clients on a block each",
    verdict: "holds",
    about: "",
  },
  {
    model: "seed",
    title: "taken literally",
    rules: ["LITERAL"],
    bounds: two,
    verdict: "breaks",
    claim,
    about:
      "What the mails do not spell out is left out. Of all that is wrong then, this takes the fewest steps.",
  },
  {
    model: "seed",
    title: "no drain at the grant",
    rules: ["NO_DRAIN"],
    bounds: one,
    verdict: "breaks",
    claim,
    about: "The lease keeps new writes out. One that runs already changes S after the runner has read it.",
  },
  {
    model: "seed",
    title: "no drain before the unlock",
    rules: ["NO_WAIT"],
    bounds: one,
    verdict: "breaks",
    claim,
    about:
      "The runner keeps several pairs under way, as it must to be fast, and unlocks while its writes to D still travel.",
  },
  {
    model: "seed",
    title: "the offset advanced on a failed unlock",
    rules: ["ADVANCE_ANYWAY"],
    bounds: one,
    verdict: "breaks",
    claim,
    about:
      "The last pair of a transaction has no next read that could fail: the unlock alone tells that it was not protected.",
  },
  {
    model: "seed",
    title: "an unlock of a dead lease that reports success",
    rules: ["UNLOCK_LIES"],
    bounds: one,
    verdict: "breaks",
    claim,
    about: "A stock brick answers so, release 10.3 included.",
  },
  {
    model: "seed",
    title: "reads under a dead lease are served",
    rules: ["READ_LIES"],
    bounds: one,
    verdict: "holds",
    about: "",
  },
  {
    model: "seed",
    title: "a lease-id used twice",
    rules: ["SAME_ID"],
    bounds: one,
    verdict: "breaks",
    claim,
    about:
      "A request without an answer is asked again with the same id. The first is granted after the second was flushed, and makes it look alive.",
  },
  {
    model: "seed",
    title: "two clients whose writes to D change places",
    rules: ["TWO_CLIENTS"],
    bounds: two,
    verdict: "breaks",
    claim,
    about:
      "S puts the two writes in one order, D in another. The runner has no part in it: no lease on S can help.",
  },
  {
    model: "seed",
    title: "a write to D that outlives its connection",
    rules: ["LATE_WRITES"],
    bounds: one,
    verdict: "breaks",
    claim,
    about: "The runner replays the transaction as it should. What it sent before lands after the replay.",
  },
  {
    model: "seed",
    title: "a change of mode that clears the marks",
    rules: ["MARKS_CLEARED"],
    bounds: one,
    verdict: "breaks",
    claim,
    about:
      "That the file is on the move is told by mode bits that any client may set. Without them clients write to S only.",
  },
];
