import { InvalidArgumentError } from "commander";

/** A parser for a whole number in [min, max], for commander. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`write a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** A parser for a number in [min, max], for commander. */
export function anyNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`write a number from ${min} to ${max}.`);
    }
    return value;
  };
}
