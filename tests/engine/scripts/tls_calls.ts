// Calls an engine the way the environment says, and prints what came of it as JSON. Run in the
// network namespace of a private dockerd.
import { connectEngine, EngineUnreachableError } from "../../../lib/engine/mod.ts";

try {
  await using engine = await connectEngine();
  const { Id } = await engine.containers.create(undefined, {
    Image: "tls:local",
    Cmd: ["wc", "-c"],
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: { NetworkMode: "none" },
  });
  using stream = await engine.containers.attach(Id, { stdin: true });
  await engine.containers.start(Id);
  await stream.write(new TextEncoder().encode("12345"));
  await stream.closeWrite();
  let text = "";
  for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) {
    text += new TextDecoder().decode(bytes.subarray(8));
  }
  await engine.containers.remove(Id, { force: true });
  console.log(JSON.stringify({ host: engine.host, text: text.trim() }));
} catch (error) {
  if (!(error instanceof EngineUnreachableError)) throw error;
  console.log(JSON.stringify({ reason: error.candidates[0]?.reason }));
}
