/** The source turned out to be a link file: another runner was quicker. */
export class SourceMoved extends Error {
  readonly linkto: string;

  constructor(linkto: string) {
    super(`the file is on ${linkto} by now`);
    this.linkto = linkto;
  }
}

/** The source was removed. */
export class SourceGone extends Error {
  constructor(options?: ErrorOptions) {
    super("the file was removed", options);
  }
}
