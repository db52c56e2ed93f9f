/** The coordinator as a process of its own. */
export async function startCoordinator(
  directory: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = { HOME: directory, XDG_STATE_HOME: directory },
): Promise<AsyncDisposable & { readonly url: string; readonly child: Deno.ChildProcess }> {
  const main = new URL("../../cli/main.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", main, "buildr", "coordinator", "--listen", "127.0.0.1:0"]
      .concat("--ledger", `${directory}/ledger.db`, args),
    env: { ...env, BUILDR_BROKER: "" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  return {
    url: text.trim(),
    child,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // it has ended
      }
      await child.status;
      await reader.cancel();
    },
  };
}
