export const statusCommand = async (..._: any[]) => 0 as const;
export type StatusOptionValues = any;
