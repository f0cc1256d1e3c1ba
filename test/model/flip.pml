/*
 * The flip, and what is left when it stops half-way.
 *
 * One runner moves a file of one block and two names; a second one may at any time do what a resumed run does: look
 * at S alone and end what it finds. Clients write and read where they find the file; one looks everywhere and removes
 * link files that it takes for stale, or takes a name of one away and dies. Both bricks revoke leases as they like and
 * may restart; a commit may be carried out long after the runner has stopped to wait for it.
 * Code: flip.ts, settle-flip.ts, look-up-alone.ts, move-file.ts of packages/rebalance; migration-calls.ts,
 * migration-guard.ts, migration-step.ts and the barriers of lease-gate.ts of packages/brick.
 *
 * More than the code allows: leases end without a recall, fops do not wait for requests, the second runner aborts
 * without the migration lock.
 * Not here: how the data comes to D (copy.pml), two runners that both copy (runners.pml).
 *
 * Rules that can be taken away: NO_LEASE_ON_D, BLIND_COMMIT, PUBLISH_FIRST, NO_PREPARE, BLIND_PREPARE, NO_BARRIER_ON_S,
 * NO_BARRIER_ON_D, TRUST_SILENCE, LOOK_UNLEASED, ABORT_UNASKED, NO_FENCE.
 * NO_RENAMES leaves the client that takes one name away out, ONE_NAME is a file with one name only, WATCH_READS lets two data files be, to show what a reader sees then.
 */
#include "claim.pml"

#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef RESTARTS
#define RESTARTS 1 /* of each brick */
#endif
#ifndef SECOND
#define SECOND 1 /* whether there is a second runner */
#endif
#ifndef CLEANERS
#define CLEANERS 1
#endif
#ifndef READERS
#define READERS 1
#endif

mtype = { absent, filling, prepared, present, link };

/* S: the epoch of the exclusive lease that is held, the grants so far, fops that run, the step that decides. */
mtype atS = present;
byte valueS, heldS, grantsS, runningS, bootS;
bool isDeciding;
/* A commit under way: the lease that it names; 0 for none. Its answer: 1 done, 2 refused. */
byte commitSent, commitAnswer;

/* D, the same; of a target the highest fence, and the two names of the file that it has. */
mtype atD = absent;
byte valueD, heldD, grantsD, fenceD;
bool nameD[2], isClosing;

byte newest, acknowledged, working;

#define ANYONE_D (heldD == 0 && !isClosing)
#ifdef NO_BARRIER_ON_S
#define ANYONE_S (heldS == 0)
#else
#define ANYONE_S (heldS == 0 && !isDeciding)
#endif
#ifdef NO_PREPARE /* then a target is all that there is between the decision and its publication */
#define CLOSED filling
#else
#define CLOSED prepared
#endif
#define MAY_END (working > 0)
#ifdef NO_FENCE
#define FENCED_OFF(e) false
#else
#define FENCED_OFF(e) (fenceD > e)
#endif

#ifdef ONE_NAME
#define HAS_NAMES (nameD[0])
#else
#define HAS_NAMES (nameD[0] && nameD[1])
#endif

inline removeD() { atD = absent; valueD = 0; nameD[0] = false; nameD[1] = false; fenceD = 0 }

inline check() {
#ifndef WATCH_READS
  MUST(atS != present || atD != present, "CLAIM no two data files at any moment\n");
#endif
  MUST(atS == present || atD == CLOSED || atD == present, "CLAIM the data is never lost\n")
}

inline done(v) {
  if :: acknowledged < v -> acknowledged = v :: else fi
}

proctype Writer(byte me) {
  byte v, admittedIn;
  if
  :: skip /* it has the file open on S */
  :: goto onD /* it looks the file up, and that is where it hashes to */
  fi;
onS:
  if
  :: d_step { ANYONE_S && atS == present ->
       runningS++; admittedIn = bootS; printf("writer %d: admitted on S\n", me) }
  :: d_step { ANYONE_S && atS != present -> printf("writer %d: S shows no data, goes to D\n", me) }; goto onD
  :: atomic { working == 0 -> goto stop }
  fi;
  d_step {
    if
    :: admittedIn == bootS -> runningS--; newest++; v = newest; valueS = v; printf("writer %d: writes %d to S\n", me, v)
    :: else -> printf("writer %d: no answer, S was restarted\n", me)
    fi
  };
  goto answer;
onD:
  if
  :: d_step { ANYONE_D && atD == present -> newest++; v = newest; valueD = v; printf("writer %d: writes %d to D\n", me, v) }
  :: atomic { ANYONE_D && atD != present -> goto onS }
  :: atomic { working == 0 -> goto stop }
  fi;
answer:
  skip;
  d_step { if :: v > 0 -> done(v); printf("writer %d: %d is acknowledged\n", me, v) :: else fi; v = 0; admittedIn = 0 };
stop:
  skip
}

proctype Reader() {
  byte atLeast;
  d_step { atLeast = acknowledged; printf("reader: begins, %d is acknowledged\n", atLeast) };
  if
  :: skip
  :: goto onD
  fi;
onS:
  if
  :: d_step { ANYONE_S && atS == present ->
       printf("reader: reads %d from S\n", valueS);
       MUST(valueS >= atLeast, "CLAIM no read is older than a write acknowledged before it began\n") }
  :: atomic { ANYONE_S && atS != present -> goto onD }
  :: atomic { working == 0 -> goto stop }
  fi;
  goto stop;
onD:
  if
  :: d_step { ANYONE_D && atD == present ->
       printf("reader: reads %d from D\n", valueD);
       MUST(valueD >= atLeast, "CLAIM no read is older than a write acknowledged before it began\n") }
  :: atomic { ANYONE_D && atD != present -> goto onS }
  :: atomic { working == 0 -> goto stop }
  fi;
stop:
  atLeast = 0
}

/* Takes a name of D away, if D is a link file that is not prepared: to a client a target looks like any other. */
inline removeName(n) {
  if
  :: atD == filling && nameD[n] ->
     nameD[n] = false;
     printf("client: removes name %d of the link file on D\n", n);
     if :: !nameD[0] && !nameD[1] -> printf("D: its last name is gone, and it with it\n"); removeD(); check() :: else fi
  :: else -> printf("client: D refuses to remove name %d\n", n)
  fi
}

/* What the distribute translator does that finds link files on all bricks and the file on none. */
proctype Cleaner() {
  bool isLinkS, isLinkD;
#ifndef NO_RENAMES
  if
  :: d_step { ANYONE_D && atD == filling && nameD[0] -> removeName(0) }; goto stop /* an unlink or a rename begins here; its client dies */
  :: d_step { ANYONE_D && atD == filling && nameD[1] -> removeName(1) }; goto stop
  :: skip
  fi;
#endif
  do
  :: d_step { !isLinkS && ANYONE_S && atS == link -> isLinkS = true; printf("client: sees a link file on S\n") }
  :: d_step { !isLinkD && ANYONE_D && (atD == filling || atD == prepared) -> isLinkD = true; printf("client: sees a link file on D\n") }
  :: isLinkS && isLinkD -> break
  :: atomic { working == 0 -> goto stop }
  od;
  if
  :: d_step { ANYONE_D -> printf("client: takes the link files for stale\n"); removeName(0) }
  :: d_step { ANYONE_D -> printf("client: takes the link files for stale\n"); removeName(1) }
  fi;
  d_step { ANYONE_S -> if :: atS == link -> atS = absent; printf("client: removes the link file on S\n"); check() :: else fi };
stop:
  isLinkS = false; isLinkD = false
}

proctype Bricks() {
  byte restartsS, restartsD;
end:
  do
  :: d_step { heldS != 0 -> printf("S: lease %d is revoked\n", heldS); heldS = 0 }
  :: d_step { heldD != 0 -> printf("D: lease %d is revoked\n", heldD); heldD = 0 }
  :: d_step { restartsS < RESTARTS && MAY_END && grantsS > 0 ->
       restartsS++; heldS = 0; runningS = 0; bootS++; isDeciding = false;
       if :: commitAnswer == 0 -> commitSent = 0 :: else fi;
       printf("S: restarts\n") }
  :: d_step { restartsD < RESTARTS && MAY_END && atD != absent -> restartsD++; heldD = 0; isClosing = false; printf("D: restarts\n") }
  /* The commit is looked at, and carried out a moment later: meanwhile nobody may run on S. */
#ifdef BLIND_COMMIT
  :: d_step { commitSent != 0 && !isDeciding && commitAnswer == 0 ->
#else
  :: d_step { commitSent != 0 && !isDeciding && commitAnswer == 0 && heldS == commitSent ->
#endif
       isDeciding = true; printf("S: begins to commit under lease %d\n", commitSent) }
  :: d_step { isDeciding && atS == present ->
       atS = link; isDeciding = false; commitAnswer = 1; printf("S: is a link file to D, that is the decision\n"); check() }
#ifndef BLIND_COMMIT
  :: d_step { commitSent != 0 && !isDeciding && commitAnswer == 0 && heldS != commitSent ->
       commitAnswer = 2; printf("S: refuses to commit, lease %d is not held\n", commitSent) }
#endif
  od
}

inline grantS(e) {
  d_step { heldS == 0 && runningS == 0 && !isDeciding -> grantsS++; heldS = grantsS; e = grantsS; printf("S: exclusive lease %d granted\n", e) }
}

/* Gives up what is not decided. */
inline abort(e) {
  d_step {
    if
    :: (atD == filling || atD == prepared) && !FENCED_OFF(e) -> printf("D: target aborted under fence %d\n", e); removeD(); check()
    :: else -> printf("D: refuses to abort under fence %d\n", e)
    fi
  }
}

inline publish(e) {
  d_step {
    if
    :: atD == CLOSED && !FENCED_OFF(e) ->
       atD = present; fenceD = 0; printf("D: published under fence %d\n", e); check();
       MUST(HAS_NAMES, "CLAIM no name of the file is lost\n")
    :: else -> printf("D: nothing to publish under fence %d\n", e)
    fi
  }
}

inline unlockAll(e, f) {
  d_step {
    if :: e != 0 && heldS == e -> heldS = 0; printf("runner 1: unlocks S\n") :: else fi;
    if :: f != 0 && heldD == f -> heldD = 0; printf("runner 1: unlocks D\n") :: else fi
  }
}

proctype Runner() {
  byte e, f, again;
  grantS(e);
  if
  :: d_step { atD == absent -> atD = filling; fenceD = e; nameD[0] = true; printf("D: link file and target made under fence %d\n", e) }
  :: atomic { atD != absent -> goto giveBack }
  fi;
#ifndef NO_LEASE_ON_D
  if
  :: d_step { heldD == 0 -> grantsD++; heldD = grantsD; f = grantsD; printf("D: exclusive lease %d granted\n", f) }
  :: atomic { atD == absent -> goto giveBack }
  fi;
#endif
  if
  :: d_step { heldS == e && atD == filling && !FENCED_OFF(e) -> valueD = valueS; printf("runner 1: copies %d to D\n", valueD) }
  :: atomic { heldS != e || atD != filling || FENCED_OFF(e) -> goto undo }
  fi;
  if
#ifdef NO_LEASE_ON_D
  :: d_step { atD == filling ->
#else
  :: d_step { heldD == f && atD == filling ->
#endif
       nameD[0] = true;
#ifndef ONE_NAME
       nameD[1] = true;
#endif
       printf("runner 1: D has the names of the file\n") }
#ifdef NO_LEASE_ON_D
  :: atomic { atD != filling -> goto undo }
#else
  :: atomic { heldD != f || atD != filling -> goto undo }
#endif
  fi;
#ifndef NO_PREPARE
  if
#if defined(BLIND_PREPARE) || defined(NO_LEASE_ON_D)
  :: d_step { atD == filling && !FENCED_OFF(e) ->
#else
  :: d_step { heldD == f && atD == filling && !FENCED_OFF(e) ->
#endif
#ifndef NO_BARRIER_ON_D
       isClosing = true;
#endif
       fenceD = e; printf("D: begins to prepare under fence %d\n", e) }
  :: else -> goto undo
  fi;
  if
  :: d_step { atD == filling && fenceD == e && (isClosing
#ifdef NO_BARRIER_ON_D
       || true
#endif
       ) -> atD = prepared; isClosing = false; printf("D: is prepared\n") }
  :: else -> goto undo /* it is another's, or D was restarted */
  fi;
#endif
#ifdef PUBLISH_FIRST
  publish(e);
#endif
  d_step { commitSent = e; printf("runner 1: sends the commit, which names lease %d\n", e) };
  if
  :: atomic { commitAnswer == 1 -> goto decided }
  :: atomic { commitAnswer == 2 -> goto undo }
  :: printf("runner 1: no answer to the commit\n")
  :: atomic { printf("runner 1: dies\n"); goto stop }
  fi;
#ifdef TRUST_SILENCE
  goto undo;
#else
  /* Undecided: ends its lease and looks at S under another. */
  d_step { if :: heldS == e -> heldS = 0; printf("runner 1: unlocks S\n") :: else fi };
#ifdef LOOK_UNLEASED
  if
  :: d_step { atS != present -> printf("runner 1: S is no data file\n") }; goto decided
  :: d_step { atS == present -> printf("runner 1: S has the data\n") }; goto undo
  fi;
#else
  grantS(again);
  if
  :: d_step { heldS == again && atS != present -> heldS = 0; printf("runner 1: S is no data file\n") }; goto decided
  :: d_step { heldS == again && atS == present -> heldS = 0; printf("runner 1: S has the data\n") }; goto undo
  :: atomic { heldS != again -> goto giveBack } /* nobody knows: the next run sees to it */
  fi;
#endif
#endif
decided:
  if
  :: publish(e)
  :: atomic { printf("runner 1: dies before it publishes\n"); goto stop }
  fi;
  goto giveBack;
undo:
  skip;
  abort(e);
giveBack:
  skip;
  unlockAll(e, f);
stop:
  skip;
  d_step { working--; e = 0; f = 0; again = 0 }
}

/* Ends what it finds half done. */
inline settle(e) {
  if
#ifdef ABORT_UNASKED
  :: d_step { true -> e = grantsS + 1; grantsS = e; printf("runner 2: does not ask S\n") }; abort(e)
#else
  :: atomic { heldS == e && atS == present -> printf("runner 2: S has the data\n") }; abort(e)
#endif
  :: atomic { heldS == e && atS != present -> printf("runner 2: S is no data file\n") }; publish(e)
  :: heldS != e
  fi;
  d_step { if :: heldS == e -> heldS = 0; printf("runner 2: unlocks S\n") :: else fi }
}

proctype SecondRunner() {
  byte e;
  if
  :: working > 1 -> grantS(e); settle(e)
  :: working <= 1
  fi;
  d_step { working--; e = 0 }
}

init {
  byte e;
  atomic {
    working = 1 + SECOND;
    run Bricks(); run Runner();
#if SECOND
    run SecondRunner();
#endif
    run Writer(1);
#if WRITERS > 1
    run Writer(2);
#endif
#if READERS
    run Reader();
#endif
#if CLEANERS
    run Cleaner()
#endif
  };
  /* All have ended, and the leases of who died: the next run ends the rest. Clients are still there. */
  atomic {
    _nr_pr == 2 ->
    heldS = 0; heldD = 0; runningS = 0; isClosing = false;
    if
    :: isDeciding -> atS = link; isDeciding = false; printf("S: is a link file to D, that is the decision\n")
    :: !isDeciding
    fi;
    check();
    printf("the next run ends what is left\n");
    if
    :: atS == present && (atD == filling || atD == prepared) -> removeD()
    :: atS != present && atD == CLOSED -> atD = present; MUST(HAS_NAMES, "CLAIM no name of the file is lost\n")
    :: else
    fi;
    check();
    MUST(atS == present || atD == present, "CLAIM in the end there is a data file\n");
    MUST(atD == absent || atD == present, "CLAIM in the end there is no target\n");
    MUST((atS == present && valueS >= acknowledged) || (atD == present && valueD >= acknowledged),
      "CLAIM what was acknowledged is kept\n")
  }
}
