import type { BrickStore, MetaStore } from "../src/store/store.js";

/** A store whose transactions are made by `transact`, which has those of `store` to make them. */
export function storeThatTransacts(store: BrickStore, transact: MetaStore["transact"]): BrickStore {
  const { meta } = store;
  const changed = {
    get: meta.get.bind(meta),
    range: meta.range.bind(meta),
    sync: () => meta.sync(),
    version: () => meta.version(),
    share: () => meta.share(),
    transact,
  };
  return { ...store, meta: changed };
}

/** A store whose transactions, writes and syncs of data wait until they are let go, to see what others do meanwhile. */
export function pausedStore(store: BrickStore) {
  const waiting: (() => void)[] = [];
  let isPaused = false;
  const pause = () => (isPaused ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve());
  const paused: BrickStore = {
    ...store,
    meta: {
      ...store.meta,
      async transact(work, survives) {
        await pause();
        return store.meta.transact(work, survives);
      },
    },
    data: {
      ...store.data,
      async write(gfid, offset, bytes) {
        await pause();
        await store.data.write(gfid, offset, bytes);
      },
      async sync(gfid) {
        await pause();
        await store.data.sync(gfid);
      },
    },
  };
  return {
    store: paused,
    /** Holds every one from now on. */
    hold() {
      isPaused = true;
    },
    /** Lets all go. */
    letGo() {
      isPaused = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}
