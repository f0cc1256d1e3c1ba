/** Moves files and trees between two bricks: plan, crawl, migrate, flip, journal, verify, report. */
export {};
