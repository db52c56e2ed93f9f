/**
 * Makes a gate that lets a number of pieces of work through at a time, in order.
 *
 * @param width How many.
 * @returns A function that runs a piece of work when it is its turn.
 */
export function limiter(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // The place is handed on, not given back, so nobody else can slip in between.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
