/** The oldest API that this code is tested against: Docker 20.10. */
export const MIN_API_VERSION = "1.41";
/** The newest API whose changes this code knows. */
export const MAX_API_VERSION = "1.51";

/**
 * Compares two API versions by number, not by text: 1.9 is older than 1.41.
 *
 * @param a A version such as `1.41`.
 * @param b Another.
 * @returns Less than, equal to or greater than zero.
 */
export function compareVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split(".").map(Number);
  const [bMajor = 0, bMinor = 0] = b.split(".").map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}
