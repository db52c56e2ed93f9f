/**
 * The host command of the demo: fills the store from this machine, through its published port.
 * Where that is stands in the environment of every host command of a network.
 */

const url = `http://${Deno.env.get("SUPERORCH_STORE_5432")}/cgi-bin/records`;
for (const item of ["apples", "pears", "plums"]) {
  const response = await fetch(url, { method: "POST", body: `stock ${item}\n` });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The store answered ${response.status}`);
  console.log(`stocked ${item}`);
}
