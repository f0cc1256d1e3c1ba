import type { ModelCase } from "./model-case.js";

const few = { BREAKS: 0, WRITES: 0 };
const EQUAL = "at the decision every byte of D equals S";

/** The searches of runners.pml and source.pml. */
export const runnersCases: readonly ModelCase[] = [
  {
    model: "runners",
    title: "two runners, two leases each, a connection lost or S restarted",
    bounds: { WRITES: 0 },
    verdict: "holds",
    about: "",
  },
  {
    model: "runners",
    title: "two runners, two leases each, a writer",
    bounds: { BREAKS: 0 },
    verdict: "holds",
    about: "",
  },
  {
    model: "runners",
    title: "two runners, two leases each, a writer, a connection lost or S restarted",
    verdict: "holds",
    isLarge: true,
    about: "",
  },
  {
    model: "runners",
    title: "no migration lock",
    rules: ["NO_LOCK"],
    bounds: few,
    verdict: "breaks",
    claim: EQUAL,
    about: "Between two leases of one runner another one takes the target over, empties it, and goes.",
  },
  {
    model: "runners",
    title: "a lost lock that nobody notices",
    rules: ["FORGOTTEN_LOCK"],
    bounds: { WRITES: 0 },
    verdict: "breaks",
    claim: EQUAL,
    about:
      "The lock went with the connection. The runner goes on over a new one and does not look back before the flip.",
  },
  {
    model: "runners",
    title: "no fence",
    rules: ["NO_FENCE"],
    bounds: few,
    verdict: "breaks",
    claim: "what a runner aborts is never the only copy",
    about: "A runner whose time is over cleans up what its successor has prepared.",
  },
  {
    model: "runners",
    title: "a commit that does not ask for its lease",
    rules: ["BLIND_COMMIT"],
    bounds: few,
    verdict: "breaks",
    claim: "what a runner takes over and empties is never the only copy",
    about: "The other runner rightly takes for undecided what is decided in the next moment.",
  },
  {
    model: "runners",
    title: "a target taken over without a look at S",
    rules: ["NO_ORIGIN"],
    bounds: few,
    verdict: "breaks",
    claim: "what a runner takes over and empties is never the only copy",
    about: "A lease is granted on a link file as well. What the crawl saw may be old.",
  },
  {
    model: "runners",
    title: "an abort under the epoch of the newest lease",
    rules: ["ABORT_NEWEST"],
    bounds: few,
    verdict: "breaks",
    claim: "what a runner aborts is never the only copy",
    about:
      "Our own mistake until this model found it: the runner lost its target to a rival, got another lease after the rival had committed, and gave up under that lease's epoch, which is above the rival's fence.",
  },
  {
    model: "runners",
    title: "an abort after a request to make the target had no answer",
    rules: ["ABORT_UNCLEAR"],
    bounds: few,
    verdict: "breaks",
    claim: "what a runner aborts is never the only copy",
    about: "The same mistake in another place: the target that is there was never this runner's.",
  },
  {
    model: "runners",
    title: "a take-over that an equal fence may make",
    rules: ["EQUAL_FENCE_EMPTIES"],
    bounds: few,
    verdict: "holds",
    about: "",
  },
  {
    model: "source",
    title: "one destination, two sources",
    verdict: "holds",
    about: "",
  },
  {
    model: "source",
    title: "a fence without its source",
    rules: ["NO_SOURCE"],
    verdict: "breaks",
    claim: "at the decision every byte of D equals its source",
    about:
      "The epochs of two bricks are compared with each other, and a late write under a higher number of the wrong one lands.",
  },
];
