/* A claim that must hold here. What it says is printed in the replay of a counterexample. */
#define MUST(holds, words) if :: (holds) :: else -> printf(words); assert(holds) fi
