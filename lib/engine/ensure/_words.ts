import { errorMessage } from "../../errors/error_message.ts";

/** The words of the error that all others stand on. */
export function rootMessage(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause !== undefined) root = root.cause;
  return errorMessage(root);
}
