/*
 * Two runners that move the same file, each by the whole way: several leases or one, the target made or taken over, the
 * copy, the decision, and back.
 *
 * Two blocks, one writer. A runner may lose its connection to S, which ends its lease and its lock, and go on over a new
 * one; it may die anywhere; S may restart.
 * Code: move-file.ts, file-destination.ts, migration-lock.ts of packages/rebalance; adopt, checkAdoptable and abort in
 * migration-calls.ts of packages/brick; inode locks.
 *
 * More than the code allows: leases end without a recall; a runner copies as much under a lease as it likes.
 * Not here: writes to D that land late (copy.pml), what happens after the decision (flip.pml).
 *
 * Rules that can be taken away: NO_LOCK, FORGOTTEN_LOCK, NO_FENCE, NO_ORIGIN, BLIND_COMMIT, ABORT_NEWEST, ABORT_UNCLEAR; EQUAL_FENCE_EMPTIES.
 */
#include "claim.pml"

#ifndef LEASES
#define LEASES 2 /* leases that one runner asks for */
#endif
#ifndef WRITES
#define WRITES 1
#endif
#ifndef BREAKS
#define BREAKS 1 /* lost connections and restarts of S, together */
#endif
#define NOBODY 9
#define SHARED 1
#define EXCLUSIVE 2

mtype = { absent, filling, prepared, present };

/* S */
byte data[2], newest = 2, epoch, running, marked[2], since;
bool moved;
byte kind[2], held[2]; /* the lease of each runner */
byte session[2];
byte locker = NOBODY;

/* D */
mtype atD = absent;
byte copied[2], fence, working = 2;

#define HOLDS(e) (kind[me] != 0 && held[me] == e)
#define NO_LEASE (kind[0] == 0 && kind[1] == 0)
#ifdef NO_FENCE
#define PASSES(e) true
#else
#define PASSES(e) (e >= fence)
#endif

inline endLease(r) { kind[r] = 0; held[r] = 0 }

inline raise(e) {
  if :: fence < e -> fence = e :: else fi
}

proctype Writer() {
  byte n, b;
  do
  :: n < WRITES && working > 0 ->
     if :: b = 0 :: b = 1 fi;
     if
     :: d_step { NO_LEASE && !moved -> running++; if :: since != 0 -> marked[b] = epoch :: else fi;
          printf("writer: write of block %d admitted, marked with epoch %d\n", b, epoch) }
     :: atomic { moved || working == 0 -> break }
     fi;
     d_step {
       if
       :: running == 0 -> printf("writer: no answer, S was restarted\n")
       :: else -> running--; newest++; data[b] = newest; printf("writer: block %d of S is %d now\n", b, newest)
       fi;
       n++; b = 0
     }
  :: n == WRITES || working == 0 -> break
  od
}

/* S ends leases as it likes; connections are lost. */
proctype Life() {
  byte breaks;
end:
  do
  :: d_step { kind[0] != 0 -> printf("S: lease %d of runner 1 is revoked\n", held[0]); endLease(0) }
  :: d_step { kind[1] != 0 -> printf("S: lease %d of runner 2 is revoked\n", held[1]); endLease(1) }
  :: d_step { breaks < BREAKS && working > 0 && epoch > 0 -> breaks++; session[0]++; endLease(0); if :: locker == 0 -> locker = NOBODY :: else fi;
       printf("S: the connection of runner 1 is lost, and lease and lock with it\n") }
  :: d_step { breaks < BREAKS && working > 0 && epoch > 0 -> breaks++; session[1]++; endLease(1); if :: locker == 1 -> locker = NOBODY :: else fi;
       printf("S: the connection of runner 2 is lost, and lease and lock with it\n") }
  :: d_step { breaks < BREAKS && working > 0 && epoch > 0 -> breaks++; session[0]++; session[1]++; endLease(0); endLease(1); locker = NOBODY;
       running = 0; epoch++; since = 0; marked[0] = 0; marked[1] = 0;
       printf("S: restarts\n") }
  od
}

inline takeLock() {
  if
  :: lockedIn == session[me] + 1 /* thinks that it has it */
#ifdef NO_LOCK
  :: lockedIn != session[me] + 1 -> lockedIn = session[me] + 1
#else
  :: lockedIn != session[me] + 1 && locker == NOBODY ->
     locker = me; lockedIn = session[me] + 1; printf("runner %d: takes the lock dht.file.migrate\n", me + 1)
  :: lockedIn != session[me] + 1 && locker != NOBODY ->
     printf("runner %d: another has the lock\n", me + 1); goto undo
#endif
  fi
}

proctype Runner(byte me) {
  byte leases, e, mine, base, leasedIn, lockedIn, b;
  bool rest[2], isExclusive, isMade, asks;
  rest[0] = true; rest[1] = true;
  if
  :: atomic { takeLock() } /* before the first of several leases */
  :: skip
  fi;
again:
  atomic {
    if :: leases == LEASES -> goto undo :: else -> leases++ fi;
    if :: isExclusive = true :: !isExclusive && lockedIn != 0 :: !isExclusive && lockedIn == 0 -> isExclusive = true fi;
    asks = base == 0 || isExclusive || (!rest[0] && !rest[1])
  };
  if
  :: d_step { running == 0 && kind[1 - me] != EXCLUSIVE && kind[me] == 0 && (!isExclusive || kind[1 - me] == 0) ->
       epoch++; e = epoch; held[me] = e; leasedIn = session[me] + 1;
       if :: isExclusive -> kind[me] = EXCLUSIVE; printf("S: exclusive lease %d for runner %d\n", e, me + 1)
          :: else -> kind[me] = SHARED; printf("S: shared lease %d for runner %d\n", e, me + 1) fi;
       if :: since == 0 -> since = e :: else fi;
       if
       :: asks && (base == 0 || base < since) -> rest[0] = true; rest[1] = true
       :: asks && base >= since && base != 0 ->
          if :: marked[0] >= base -> rest[0] = true :: else fi;
          if :: marked[1] >= base -> rest[1] = true :: else fi
       :: else
       fi;
       if :: asks -> base = e :: else fi }
  fi;
  if
  :: isMade /* nothing can be under way to D below this lease */
  :: d_step { isMade && atD == filling && PASSES(e) -> raise(e); mine = e }
  :: atomic { isMade && !(atD == filling && PASSES(e)) ->
       /* What is refused has raised the fence all the same. */
       if :: atD == prepared -> raise(e) :: else fi;
       printf("runner %d: fenced off, or its target is gone\n", me + 1); goto undo }
  :: d_step { !isMade && atD == absent ->
       atD = filling; fence = e; mine = e; isMade = true; printf("D: target made for runner %d under fence %d\n", me + 1, e) }
  :: atomic { !isMade && (atD == absent || atD == prepared) ->
       if
       :: atD == absent -> atD = filling; fence = e; printf("D: target made for runner %d under fence %d, the answer is lost\n", me + 1, e)
       :: else -> printf("runner %d: no answer from D, which has a target already\n", me + 1)
       fi;
#ifdef ABORT_UNCLEAR
       mine = e; isMade = true;
#endif
       /* Left to whoever asks the source. */
       goto undo }
  :: atomic { !isMade && atD == present -> goto undo }
  :: atomic { !isMade && (atD == filling || atD == prepared) -> takeLock() };
#ifndef NO_ORIGIN
     /* What is dropped must not be the only copy. */
     if
     :: atomic { HOLDS(e) && !moved }
     :: atomic { !HOLDS(e) || moved -> goto undo }
     fi;
#endif
     if
     :: d_step { (atD == filling || atD == prepared) && PASSES(e) && (e > fence
#ifdef EQUAL_FENCE_EMPTIES
          || true
#endif
          || (copied[0] == 0 && copied[1] == 0 && atD == filling)) ->
          MUST(!moved, "CLAIM what a runner takes over and empties is never the only copy\n");
          atD = filling; copied[0] = 0; copied[1] = 0; fence = e; mine = e; isMade = true;
          printf("D: runner %d takes the target over and empties it, under fence %d\n", me + 1, e) }
     :: else -> goto undo
     fi
  fi;
transfer:
  if
  :: atomic { rest[0] -> b = 0 }
  :: atomic { rest[1] -> b = 1 }
  :: atomic { !rest[0] && !rest[1] && isExclusive -> goto flip }
  :: atomic { !isExclusive -> goto unlock }
  fi;
  if
  :: d_step { HOLDS(e) && !moved && atD == filling && PASSES(e) ->
       raise(e); mine = e; copied[b] = data[b]; rest[b] = false; printf("runner %d: copies block %d, which is %d, under fence %d\n", me + 1, b, data[b], e); b = 0 }
  :: atomic { !HOLDS(e) -> printf("runner %d: lease %d is revoked\n", me + 1, e); rest[0] = true; rest[1] = true; b = 0; goto again }
  :: atomic { HOLDS(e) && !moved && !(atD == filling && PASSES(e)) -> printf("runner %d: fenced off, or its target is gone\n", me + 1); b = 0; goto undo }
  :: atomic { HOLDS(e) && moved -> printf("runner %d: S is no data file\n", me + 1); b = 0; goto undo }
  fi;
  goto transfer;
unlock:
  if
  :: d_step { HOLDS(e) -> printf("runner %d: unlocks lease %d\n", me + 1, e); endLease(me) }
  :: d_step { !HOLDS(e) -> printf("runner %d: lease %d was revoked, copies all again\n", me + 1, e); rest[0] = true; rest[1] = true }
  :: atomic { printf("runner %d: dies\n", me + 1); goto stop }
  fi;
  goto again;
flip:
#ifndef FORGOTTEN_LOCK
  if
  :: atomic { (leases > 1 || lockedIn != 0) && lockedIn != leasedIn -> printf("runner %d: has lost its lock\n", me + 1); goto undo }
  :: !((leases > 1 || lockedIn != 0) && lockedIn != leasedIn)
  fi;
#endif
  if
  :: d_step { atD == filling && PASSES(e) -> raise(e); mine = e; atD = prepared; printf("D: is prepared under fence %d\n", e) }
  :: atomic { !(atD == filling && PASSES(e)) -> goto undo }
  fi;
  if
#ifdef BLIND_COMMIT
  :: d_step { !moved ->
#else
  :: d_step { HOLDS(e) && kind[me] == EXCLUSIVE && !moved ->
#endif
       moved = true; printf("S: commits for runner %d, it is a link file to D now\n", me + 1);
       MUST(atD == prepared, "CLAIM D is prepared at the decision\n");
       MUST(copied[0] == data[0] && copied[1] == data[1], "CLAIM at the decision every byte of D equals S\n") }
#ifdef BLIND_COMMIT
  :: atomic { moved -> goto undo }
#else
  :: atomic { !(HOLDS(e) && kind[me] == EXCLUSIVE && !moved) -> printf("S: refuses to commit, lease %d is not held\n", e); goto undo }
#endif
  :: atomic { printf("runner %d: dies\n", me + 1); goto stop }
  fi;
  if
  :: d_step { atD == prepared && PASSES(e) -> atD = present; printf("D: is published\n") }
  :: else /* somebody with a higher fence does it */
  fi;
  goto giveBack;
undo:
  /* Under the highest fence with which D has taken something from this runner: what D took from another since has a higher one. */
#ifdef ABORT_NEWEST
  mine = e;
#endif
  if
  :: d_step { (atD == filling || atD == prepared) && PASSES(mine) && isMade ->
       MUST(!moved, "CLAIM what a runner aborts is never the only copy\n");
       atD = absent; copied[0] = 0; copied[1] = 0; fence = 0; printf("D: target aborted by runner %d under fence %d\n", me + 1, mine) }
  :: else
  fi;
giveBack:
  skip;
stop:
  skip;
  d_step {
    /* In good order or not, its leases and its lock end with its connection. */
    endLease(me); if :: locker == me -> locker = NOBODY; printf("S: the lock is free\n") :: else fi;
    working--; e = 0; mine = 0; base = 0; leasedIn = 0; lockedIn = 0; rest[0] = false; rest[1] = false; isMade = false; isExclusive = false; asks = false; leases = 0
  }
}

init {
  atomic { data[0] = 1; data[1] = 2; run Life(); run Runner(0); run Runner(1); run Writer() }
}
