export const verifyCommand = async (..._: any[]) => 0 as const;
export type VerifyOptionValues = any;
