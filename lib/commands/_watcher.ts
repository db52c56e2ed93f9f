/**
 * Reads `+ID` and `-ID` lines; at the end of its input, that is when our program is gone, it ends
 * the process groups that are left: SIGTERM, two seconds, SIGKILL. Ignores the signals that a
 * terminal sends to everybody.
 */
const SCRIPT = `trap '' INT TERM HUP
groups=' '
while read -r line; do
  id=\${line#?}
  case $line in
    +*) groups="$groups$id " ;;
    -*) groups="\${groups%% $id *} \${groups#* $id }" ;;
  esac
done
for id in $groups; do kill -s TERM -- "-$id"; done 2>/dev/null
tries=20
while [ $tries -gt 0 ]; do
  left=
  for id in $groups; do kill -s 0 -- "-$id" 2>/dev/null && left=1; done
  [ -z "$left" ] && exit 0
  sleep 0.1
  tries=$((tries - 1))
done
for id in $groups; do kill -s KILL -- "-$id"; done 2>/dev/null
`;

interface Watcher {
  readonly input: WritableStreamDefaultWriter<Uint8Array>;
  end(): Promise<void>;
}

let watcher: Watcher | undefined;
let watched = 0;

/**
 * Has a process group ended when this program is gone, however it went.
 *
 * One small shell per program that watches the far end of a pipe; the system closes the near end
 * when we die, by SIGKILL too. Deno has no PR_SET_PDEATHSIG, which would not reach grandchildren
 * either. Between the start of a command and this call nobody watches: under a millisecond.
 *
 * @param groupId The group.
 * @returns A function that stops watching it.
 */
export async function watchGroup(groupId: number): Promise<() => Promise<void>> {
  watched++;
  try {
    await tell(`+${groupId}\n`);
  } catch {
    // Somebody has killed the watcher; it is no worse than ours to start another one. Groups that
    // the first one knew are lost to it: that is what killing it means.
    watcher = undefined;
    await tell(`+${groupId}\n`);
  }
  return async () => {
    watched--;
    const current = watcher;
    if (current === undefined) return;
    try {
      await current.input.write(new TextEncoder().encode(`-${groupId}\n`));
    } catch {
      // the watcher is gone, and so is what it knew
    }
    await stopIdleWatcher();
  };
}

/** Ends a watcher that was started for a command that did not start. */
export async function stopIdleWatcher(): Promise<void> {
  const current = watcher;
  if (current === undefined || watched > 0) return;
  watcher = undefined;
  try {
    await current.end();
  } catch {
    // it is gone already
  }
}

/** Starts the watcher ahead of a command, so that the moment without one is short. */
export function startWatcher(): Watcher {
  if (watcher !== undefined) return watcher;
  const child = new Deno.Command("sh", {
    args: ["-c", SCRIPT],
    cwd: "/",
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  child.unref();
  const input = child.stdin.getWriter();
  input.closed.catch(() => {}); // seen by the next write
  watcher = {
    input,
    async end() {
      child.ref();
      await input.close();
      await child.status;
    },
  };
  return watcher;
}

async function tell(line: string): Promise<void> {
  await startWatcher().input.write(new TextEncoder().encode(line));
}
