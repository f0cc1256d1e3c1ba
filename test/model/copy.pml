/*
 * The copy: transactions under a recallable lease until D equals S, up to the decision.
 *
 * Two writers, one runner. S has two blocks, grants data leases, may revoke one at any moment and may restart. A
 * write to D may be answered late, never, or land after the runner has given it up.
 * Code: packages/transaction (CopyMachine, CopyLedger), packages/lease-manager, FileSource and FileDestination of
 * packages/rebalance, migration-guard.ts of packages/brick.
 *
 * More than the code allows: S revokes without a recall and at once, a fop is admitted although a request for a lease
 * waits, the runner ends a transaction and goes over to the exclusive lease whenever it likes.
 * Not here: names and attributes (flip.pml), rivals (runners.pml), coarse extents (they only tell of more).
 *
 * Rules that can be taken away: NO_FENCE, NO_DRAIN, NO_DIRTY, NO_EXCLUSIVE, BLIND_COMMIT, TRUNCATE_UNMARKED,
 * BASE_AT_COMMIT, KNOWN_AFTER_RESTART, EPOCHS_ANEW; UNLOCK_LIES, READ_LIES and NO_BEYOND, which others stand in for.
 */
#include "claim.pml"

#ifndef OPS
#define OPS 1 /* modifying fops of each writer */
#endif
#ifndef LEASES
#define LEASES 3 /* leases that the runner asks for */
#endif
#ifndef RESTARTS
#define RESTARTS 1
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef CUTS
#define CUTS 1 /* whether the first of them truncates as well */
#endif
/* Writes to D under way. Each grant makes an end of those of the one before, but without a fence they last. */
#ifdef NO_FENCE
#define SLOTS 4
#else
#define SLOTS 2
#endif
#define REFUSED 98
#define UNTRACKED 99
#define SHARED 1
#define EXCLUSIVE 2

/* S */
byte data[2], size = 2, newest = 2;
byte kind, held, epoch, boot, running;
byte marked[2], since = UNTRACKED;
bool moved, isOver;

/* D. Zero is what a block reads that was never written. */
byte copied[2], fence;
bool prepared;
byte seen;

/* Writes to D under way: a block, a value, a fence, and whether the runner still waits for the answer. */
typedef Write { bool used, awaited; byte block, value, fence }
Write sent[SLOTS];

/* The runner, block by block: 0 not begun, 2 sent, 3 acknowledged. */
byte stage[2];

#define IS_FREE (kind == 0)
#define HOLDS(e) (kind != 0 && held == e)
#define IS_IDLE (stage[0] != 2 && stage[1] != 2)
#define IS_SAME ((size < 1 || copied[0] == data[0]) && (size < 2 || copied[1] == data[1]))

inline mark(b) {
  if
  :: since != UNTRACKED -> marked[b] = epoch
  :: else
  fi
}

proctype Writer(byte me; bool mayCut) {
  byte n, at, admittedIn;
  bool cuts;
  do
  :: n == OPS || isOver -> break
  :: n < OPS && !isOver ->
     if
     :: at = 0
     :: at = 1
     :: mayCut -> at = 1; cuts = true /* to one block */
     :: mayCut -> at = 2; cuts = true /* to two blocks */
     fi;
     if
     :: d_step { IS_FREE && !moved && !isOver ->
          running++; admittedIn = boot;
          if
          :: cuts ->
#ifndef TRUNCATE_UNMARKED
             if :: size < 2 || at < 2 -> mark(1) :: else fi;
#endif
             printf("writer %d: truncate to %d blocks admitted, marked with epoch %d\n", me, at, epoch)
          :: else ->
             mark(at);
             printf("writer %d: write of block %d admitted, marked with epoch %d\n", me, at, epoch)
          fi
        }
     :: moved || isOver -> break
     fi;
     d_step {
       if
       :: admittedIn != boot -> printf("writer %d: no answer, S was restarted\n", me)
       :: else ->
          MUST(!moved, "CLAIM a write is carried out and acknowledged on S only before the decision\n");
          running--;
          if
          :: cuts && at == 1 -> size = 1; data[1] = 0; printf("writer %d: S is one block long now\n", me)
          :: cuts && at == 2 -> size = 2; printf("writer %d: S is two blocks long now\n", me)
          :: else ->
             newest++; data[at] = newest;
             if :: at == 1 -> size = 2 :: else fi;
             printf("writer %d: block %d of S is %d now, acknowledged\n", me, at, newest)
          fi
       fi;
       at = 0; cuts = false; admittedIn = 0
     };
     n++
  od
}

inline take(k) {
  sent[k].used = false; sent[k].awaited = false; sent[k].block = 0; sent[k].value = 0; sent[k].fence = 0
}

inline land(k) {
  if
#ifdef NO_FENCE
  :: !prepared ->
#else
  :: !prepared && sent[k].fence >= fence ->
#endif
     copied[sent[k].block] = sent[k].value;
     printf("D: block %d is %d now, written under fence %d\n", sent[k].block, sent[k].value, sent[k].fence);
     if :: sent[k].awaited -> stage[sent[k].block] = 3 :: else fi;
     seen = sent[k].fence; take(k); raise(seen); seen = 0
  :: else ->
     printf("D: a write of block %d under fence %d is refused\n", sent[k].block, sent[k].fence);
     MUST(!sent[k].awaited, "CLAIM a runner without rivals is never fenced off\n");
     take(k)
  fi
}

/* What is under way below the fence will be refused whenever it lands: it counts no more. */
inline raise(e) {
  if
  :: fence < e ->
     fence = e;
#ifndef NO_FENCE
     if :: sent[0].used && sent[0].fence < e -> take(0) :: else fi;
     if :: sent[1].used && sent[1].fence < e -> take(1) :: else fi
#endif
  :: else
  fi
}

/* The runner waits no more: what is under way is lost, or lands whenever it likes. */
inline giveUp(k) {
  if
  :: d_step { sent[k].awaited -> sent[k].awaited = false }
  :: d_step { sent[k].awaited -> take(k) }
  :: !sent[k].awaited
  fi
}

/* D takes what is under way in any order, and refuses what is fenced off. */
proctype Network() {
end:
  do
  :: d_step { sent[0].used && !isOver -> land(0) }
  :: d_step { sent[1].used && !isOver -> land(1) }
#if SLOTS > 2
  :: d_step { sent[2].used && !isOver -> land(2) }
  :: d_step { sent[3].used && !isOver -> land(3) }
#endif
  od
}

/* The recall timeout, an operator, a lost connection: S ends a lease on its own account. */
proctype Revoker() {
end:
  do
  :: d_step { kind != 0 && !isOver -> printf("S: lease %d is revoked\n", held); kind = 0; held = 0 }
  od
}

proctype Restarter() {
  byte n;
  do
  :: n < RESTARTS && !isOver -> d_step {
       n++; boot++; kind = 0; held = 0; running = 0;
#ifdef EPOCHS_ANEW
       epoch = 0;
#else
       epoch++;
#endif
#ifndef KNOWN_AFTER_RESTART
       since = UNTRACKED;
#endif
       marked[0] = 0; marked[1] = 0;
       printf("S: restarts, leases and marks are gone\n")
     }
  :: break
  od
}

/* What is in `rest` after a grant that was asked what is dirty since `base`. */
inline learn() {
  if
  :: base == 0 || base < since -> rest[0] = true; rest[1] = true
  :: else ->
#ifndef NO_DIRTY
     if :: marked[0] >= base -> rest[0] = true :: else fi;
     if :: marked[1] >= base && size == 2 -> rest[1] = true :: else fi;
#endif
#ifndef NO_BEYOND
     if :: size < touched -> rest[1] = true :: else fi;
#endif
     skip
  fi;
  base = e
}

/* Before anything is written under a lease D knows its fence, unless nothing can be under way below it. */
inline fenceOff() {
  if
  :: isFenced
  :: !isFenced -> raise(e); isFenced = true; printf("D: knows fence %d\n", e)
  :: !isFenced -> printf("runner: no answer from D about the fence\n"); goto failed
  fi
}

proctype Runner() {
  byte leases, e, base, touched, b, k;
  bool rest[2], isFenced, isExclusive, asks;
  rest[0] = true; rest[1] = true;
again:
  atomic {
    stage[0] = 0; stage[1] = 0;
    if :: leases == LEASES -> goto stop :: else -> leases++ fi;
    if :: isExclusive = true :: !isExclusive fi;
    asks = base == 0 || isExclusive || (!rest[0] && !rest[1])
  };
#ifdef NO_EXCLUSIVE
  if
  :: isExclusive -> atomic {
       e = epoch; printf("runner: asks what is dirty since %d, without a lease\n", base); learn(); fenceOff() }; goto transfer
  :: else
  fi;
#endif
  atomic { d_step {
#ifdef NO_DRAIN
    IS_FREE ->
#else
    IS_FREE && running == 0 ->
#endif
    epoch++; held = epoch; e = epoch;
    kind = (isExclusive -> EXCLUSIVE : SHARED);
    if :: since == UNTRACKED -> since = epoch :: else fi;
    if
    :: isExclusive -> printf("S: exclusive lease %d granted, asked what is dirty since %d\n", e, base)
    :: !isExclusive && asks -> printf("S: shared lease %d granted, asked what is dirty since %d\n", e, base)
    :: else -> printf("S: shared lease %d granted\n", e)
    fi;
    if :: asks -> learn() :: else fi };
    fenceOff()
  };
transfer:
  if
  :: atomic { rest[0] && stage[0] == 0 -> b = 0 }; goto copyBlock
  :: atomic { rest[1] && stage[1] == 0 -> b = 1 }; goto copyBlock
  :: atomic { stage[0] == 2 || stage[1] == 2 -> printf("runner: no answer from D, gives up what is under way\n") }; goto failed
  :: atomic { IS_IDLE && isExclusive && (!rest[0] || stage[0] == 3) && (!rest[1] || stage[1] == 3) -> goto flip }
  :: atomic { IS_IDLE && (!isExclusive || (rest[0] && stage[0] == 0) || (rest[1] && stage[1] == 0)) &&
       (stage[0] == 3 || stage[1] == 3 || (!rest[0] && !rest[1])) -> goto unlock }
  fi;
copyBlock: /* a read that is answered, and the write that it leads to: D is told at any time after it was sent */
  atomic {
    d_step {
      k = 0;
      do :: k < SLOTS && sent[k].used -> k++ :: else -> break od;
      if
#ifdef NO_EXCLUSIVE
      :: !isExclusive && !HOLDS(e) ->
#elif defined(READ_LIES)
      :: false ->
#else
      :: !HOLDS(e) ->
#endif
         k = REFUSED; printf("runner: a read of block %d is refused, lease %d is revoked\n", b, e)
      :: else ->
         if
         :: b >= size && b >= touched -> stage[b] = 3 /* a hole where nothing ever was */
         :: k < SLOTS && (b < size || b < touched) ->
            sent[k].used = true; sent[k].awaited = true; sent[k].block = b; sent[k].fence = e;
            if :: b < size -> sent[k].value = data[b] :: else fi;
            stage[b] = 2;
            if :: touched <= b -> touched = b + 1 :: else fi;
            printf("runner: reads block %d of S, sends %d to D under fence %d\n", b, sent[k].value, e)
         :: else
         fi
      fi
    };
    b = 0;
    if
    :: k == REFUSED -> k = 0; goto failed
    :: k == SLOTS -> goto stop
    :: else -> k = 0; goto transfer
    fi
  };
unlock:
  if
  :: atomic { HOLDS(e) -> kind = 0; held = 0; printf("runner: unlocks lease %d, answered\n", e) }
  :: atomic { HOLDS(e) -> kind = 0; held = 0; printf("runner: unlocks lease %d, the answer is lost\n", e) }; goto failed
  :: atomic { HOLDS(e) -> printf("runner: the unlock of lease %d is lost\n", e) }; goto failed
#ifdef UNLOCK_LIES
  :: atomic { !HOLDS(e) -> printf("runner: unlocks lease %d, which is revoked; S answers success\n", e) }
#else
  :: atomic { !HOLDS(e) -> printf("runner: the unlock says that lease %d is revoked\n", e) }; goto failed
#endif
  fi;
  atomic { /* only here the offset advances */
    if :: stage[0] == 3 -> rest[0] = false :: else fi;
    if :: stage[1] == 3 -> rest[1] = false :: else fi
#ifdef BASE_AT_COMMIT
    ; base = e
#endif
  };
  goto again;
failed: /* every write is answered, or may land at any time: then only a fence keeps it out */
  do
  :: atomic { stage[0] == 2 || stage[1] == 2 ->
       isFenced = false; stage[0] = 0; stage[1] = 0;
       giveUp(0); giveUp(1)
#if SLOTS > 2
       ; giveUp(2); giveUp(3)
#endif
     }
  :: stage[0] != 2 && stage[1] != 2 -> break
  od;
  atomic { if :: HOLDS(e) -> kind = 0; held = 0; printf("runner: gives lease %d back\n", e) :: HOLDS(e) :: !HOLDS(e) fi };
  goto again;
flip:
  skip;
  d_step { if :: fence < e -> fence = e :: else fi; prepared = true; printf("D: is prepared under fence %d\n", e) };
  atomic {
    if
#if defined(NO_EXCLUSIVE) || defined(BLIND_COMMIT)
    :: true ->
#else
    :: HOLDS(e) && kind == EXCLUSIVE ->
#endif
       moved = true;
       printf("S: commits, it is a link file to D now\n");
       MUST(IS_SAME, "CLAIM at the decision every byte of D equals S\n")
    :: else -> printf("S: refuses to commit, lease %d is revoked\n", e)
    fi
  };
stop:
  isOver = true
}

init {
  atomic {
    data[0] = 1; data[1] = 2;
    run Writer(1, CUTS);
#if WRITERS > 1
    run Writer(2, false);
#endif
    run Runner(); run Network(); run Revoker(); run Restarter()
  }
}
