import { InfrastructureError } from "../errors.ts";
import { type DebianPackage, ownerOf, packageClosure, readPackages } from "./_dpkg.ts";
import { DPKG_STATUS, type HostBaseOptions, isPackaged } from "./host_identity.ts";

/** What every image gets: a linker and what it links with. */
const PACKAGES = ["ca-certificates", "gcc", "libc6-dev"];
/** The packages of the image, with all that they need. */
export function wantedPackages({ toolchain, packages }: HostBaseOptions): readonly DebianPackage[] {
  const installed = readPackages(Deno.readTextFileSync(DPKG_STATUS));
  const essential = [...installed.values()].flat().filter((found) => found.essential);
  const owner = isPackaged(toolchain) ? ownerOf(Deno.realPathSync(toolchain.rustc)) : undefined;
  const { found, missing } = packageClosure(installed, [
    ...essential.map(({ name }) => name),
    ...PACKAGES,
    ...owner === undefined ? [] : [owner],
    ...packages,
  ]);
  if (missing.length > 0) {
    throw new InfrastructureError({
      action: "make a base image of this machine",
      reason: `not installed here: ${missing.join(", ")}`,
      lasting: true,
    });
  }
  return found;
}
