/*
 * One destination, two sources, one after the other.
 *
 * A runner moves a file from A to D, loses the connection while a write is under way, and aborts. The file goes to B some
 * other way. Another runner moves it from B to D. Each brick counts its own epochs.
 * Code: FenceToken, MigrationGuard.checkToken and createTarget of packages/brick; docs/adr/0004-fence-with-source.md.
 *
 * Rule that can be taken away: NO_SOURCE.
 */
#include "claim.pml"

mtype = { absent, filling, prepared };
mtype = { none, A, B };

mtype atD = absent, sourceOfD = none;
byte copied, fence;
byte dataB = 2;
#define LATE 2
bool isLate; /* a write of 1 from A under fence LATE */

#ifdef NO_SOURCE
#define IS_ITS(brick) true
#else
#define IS_ITS(brick) (sourceOfD == brick)
#endif

proctype Network() {
end:
  do
  :: d_step { isLate ->
       if
       :: atD == filling && IS_ITS(A) && LATE >= fence -> copied = 1; fence = LATE; printf("D: takes the write of 1 from A, under fence %d\n", LATE)
       :: else -> printf("D: refuses the write of 1 from A, under fence %d\n", LATE)
       fi;
       isLate = false }
  od
}

proctype Runners() {
  byte e = 1;
  d_step { atD = filling; sourceOfD = A; fence = LATE; isLate = true; printf("runner of A: makes the target under fence %d, sends a write of 1\n", LATE) };
  if
  :: d_step { atD = absent; sourceOfD = none; fence = 0; copied = 0; printf("runner of A: no answer, aborts the target\n") }
  :: printf("runner of A: no answer, and it dies\n")
  fi;
  printf("the file goes to B some other way, and is 2 there\n");
  if
  :: d_step { atD == absent -> atD = filling; sourceOfD = B; fence = e; printf("runner of B: makes the target under fence %d\n", e) }
  :: atomic { atD != absent -> printf("runner of B: another brick fills the target, gives up\n"); goto stop }
  fi;
  /* What is copied once and not dirty is not copied again under a later lease. */
  if
  :: d_step { atD == filling && IS_ITS(B) && e >= fence -> fence = e; copied = dataB; printf("runner of B: copies 2 to D under fence %d\n", e) }
  :: atomic { !(atD == filling && IS_ITS(B) && e >= fence) -> printf("runner of B: is fenced off by a number of another brick\n"); goto stop }
  fi;
  do
  :: d_step { e < 3 -> e++; printf("B: grants lease %d\n", e) }
  :: break
  od;
  if
  :: d_step { IS_ITS(B) && e >= fence -> atD = prepared; printf("D: is prepared under fence %d\n", e) }
  :: atomic { !(IS_ITS(B) && e >= fence) -> printf("D: refuses to prepare under fence %d\n", e); goto stop }
  fi;
  printf("B: commits\n");
  MUST(copied == dataB, "CLAIM at the decision every byte of D equals its source\n");
stop:
  skip
}

init { atomic { run Network(); run Runners() } }
