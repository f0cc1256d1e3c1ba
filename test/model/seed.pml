/*
 * The algorithm of February 2016 on bricks that track nothing: clients write to S and then to D, the runner copies under a
 * lease and remembers the offset to which it is sure.
 *
 * With all that the mails say or take for granted it is: a grant drains, the runner waits for its writes to D before it
 * unlocks or begins again, the offset advances on a successful unlock only, a dead lease is reported by reads and
 * unlocks, each request has a lease-id of its own, a write to D ends with its connection, a client always knows that the
 * file is on the move, and no two clients write the same block.
 * Source: gluster-devel, 5 to 10 February 2016, "Rebalance data migration and corruption".
 *
 * The claim is about the copy only: the mails do not say how authority changes hands (for that see flip.pml).
 *
 * Rules that can be taken away: NO_DRAIN, NO_WAIT, ADVANCE_ANYWAY, SAME_ID, UNLOCK_LIES, READ_LIES, TWO_CLIENTS, LATE_WRITES,
 * MARKS_CLEARED. LITERAL takes away what the mails do not spell out.
 */
#include "claim.pml"

#ifndef OPS
#define OPS 2 /* writes of each client */
#endif
#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef LEASES
#define LEASES 3
#endif
#ifdef LITERAL
#define NO_DRAIN
#define LATE_WRITES
#define TWO_CLIENTS
#endif
#ifdef SAME_ID
#define NEW_ID 1
#else
#define NEW_ID (leases)
#endif

byte data[2], copied[2], newest = 2;
byte held, asked, running; /* lease-id held; one asked for without an answer */
bool isMarked = true, isDone, isOver;

typedef Write { bool used, awaited; byte block, value }
Write sent[2];

inline take(k) { sent[k].used = false; sent[k].awaited = false; sent[k].block = 0; sent[k].value = 0 }

proctype Client(byte me, block) {
  byte n, v;
  bool isDual;
  do
  :: n == OPS || isOver -> break
  :: n < OPS && !isOver ->
#ifdef TWO_CLIENTS
     if :: block = 0 :: block = 1 fi;
#endif
     if
     :: d_step { held == 0 && !isOver -> running++; printf("client %d: write of block %d admitted by S\n", me, block) }
     :: atomic { isOver -> break }
     fi;
     d_step { running--; newest++; v = newest; data[block] = v; isDual = isMarked; printf("client %d: block %d of S is %d now\n", me, block, v) };
     d_step {
       if
       :: isDual -> copied[block] = v; printf("client %d: block %d of D is %d now, acknowledged\n", me, block, v)
       :: else -> printf("client %d: sees no mark, acknowledged\n", me)
       fi;
       v = 0; isDual = false; n++
     }
  od
}

/* The runner's writes to D. */
inline land(k) {
  copied[sent[k].block] = sent[k].value;
  printf("D: block %d is %d now, by the runner\n", sent[k].block, sent[k].value);
  take(k)
}

proctype World() {
end:
  do
  :: d_step { sent[0].used -> land(0) }
  :: d_step { sent[1].used -> land(1) }
  :: d_step { held != 0 && !isOver -> printf("S: flushes lease %d\n", held); held = 0 }
  :: d_step { asked != 0 && held == 0 && running == 0 && !isOver -> held = asked; asked = 0; printf("S: grants lease %d, which was asked for long ago\n", held) }
#ifdef MARKS_CLEARED
  :: d_step { isMarked && held == 0 && !isOver -> isMarked = false; printf("client 3: changes the mode of the file on S, and the marks are gone\n") }
#endif
  od
}

proctype Runner() {
  byte leases, id, offset, at, k;
again:
  if
  :: offset == 2 -> atomic { isDone = true; printf("runner: is done\n"); goto stop }
  :: offset < 2 && leases == LEASES -> goto stop
  :: offset < 2 && leases < LEASES -> atomic { leases++; id = NEW_ID; at = offset }
  fi;
  if
#ifdef NO_DRAIN
  :: d_step { held == 0 ->
#else
  :: d_step { held == 0 && running == 0 ->
#endif
       held = id; printf("S: grants lease %d, the offset is %d\n", id, offset) }
  :: atomic { asked == 0 -> asked = id; printf("runner: no answer to the request for lease %d\n", id); goto again }
  fi;
pair:
  atomic {
    k = (sent[0].used -> 1 : 0);
    if
#ifdef READ_LIES
    :: !sent[k].used ->
#else
    :: held == id && !sent[k].used ->
#endif
       sent[k].used = true; sent[k].awaited = true; sent[k].block = at; sent[k].value = data[at];
       printf("runner: reads block %d of S, sends %d to D\n", at, data[at])
#ifndef READ_LIES
    :: held != id -> printf("runner: a read is refused, lease %d was flushed\n", id); k = 0; goto again
#endif
    fi;
    at++; k = 0
  };
#ifdef NO_WAIT
  skip;
#elif defined(LATE_WRITES)
  if
  :: !sent[0].awaited && !sent[1].awaited
  :: atomic { sent[0].awaited || sent[1].awaited -> sent[0].awaited = false; sent[1].awaited = false;
       printf("runner: the connection to D is lost, begins again\n");
       if :: held == id -> held = 0 :: held != id fi; goto again }
  fi;
#else
  !sent[0].awaited && !sent[1].awaited;
#endif
  if
  :: at < 2 -> goto pair
  :: skip /* the end of the file, or a recall after at least one pair */
  fi;
  if
  :: d_step { held == id -> held = 0; printf("runner: unlocks lease %d\n", id) }; offset = at
  :: d_step { held == id -> held = 0; printf("runner: unlocks lease %d, the answer is lost\n", id) }
#ifdef ADVANCE_ANYWAY
     ; offset = at
#endif
#ifdef UNLOCK_LIES
  :: d_step { held != id -> printf("runner: unlocks lease %d, which was flushed; S answers success\n", id) }; offset = at
#else
  :: d_step { held != id -> printf("runner: the unlock says that lease %d was flushed\n", id) }
#ifdef ADVANCE_ANYWAY
     ; offset = at
#endif
#endif
  fi;
  at = 0;
  goto again;
stop:
  isOver = true
}

init {
  atomic {
    data[0] = 1; data[1] = 2;
    run World(); run Runner(); run Client(1, 0);
#if CLIENTS > 1
    run Client(2, 1)
#endif
  };
  atomic {
    _nr_pr == 2 && !sent[0].used && !sent[1].used ->
    MUST(!isDone || (copied[0] == data[0] && copied[1] == data[1]), "CLAIM when the copy is done and all is quiet every byte of D equals S\n")
  }
}
