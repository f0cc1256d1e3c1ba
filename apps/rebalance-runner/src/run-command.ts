export const addRunOptions = (c: any) => c;
export const runCommand = async (..._: any[]) => 0 as const;
export type RunOptionValues = any;
