/**
 * Reads `+ID` and `-ID` lines; at the end of its input, that is when our program is gone, it ends
 * the process groups that are left: SIGTERM, two seconds, SIGKILL. Ignores the signals that a
 * terminal sends to everybody. `kill -TERM -ID` is the one form that dash, bash and busybox share.
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
for id in $groups; do kill -TERM "-$id"; done 2>/dev/null
tries=20
while [ $tries -gt 0 ]; do
  left=
  for id in $groups; do kill -0 "-$id" 2>/dev/null && left=1; done
  [ -z "$left" ] && exit 0
  sleep 0.1
  tries=$((tries - 1))
done
for id in $groups; do kill -KILL "-$id"; done 2>/dev/null
`;

/** A watcher that ended sooner would end again: there is something wrong with the shell. */
const LONG_ENOUGH_MS = 1_000;

interface Watcher {
  readonly input: WritableStreamDefaultWriter<Uint8Array>;
  readonly child: Deno.ChildProcess;
}

const groups = new Set<number>();
let watcher: Watcher | undefined;

/**
 * Has a process group ended when this program is gone, however it went.
 *
 * One small shell per program that watches the far end of a pipe; the system closes the near end
 * when we die, by SIGKILL too. Deno has no PR_SET_PDEATHSIG, which would not reach grandchildren
 * either. Between the start of a command and this call nobody watches: under a millisecond. A
 * watcher that somebody kills is replaced by another one.
 *
 * @param groupId The group.
 * @returns A function that stops watching it.
 */
export async function watchGroup(groupId: number): Promise<() => Promise<void>> {
  groups.add(groupId);
  const current = startWatcher();
  try {
    await tell(current, `+${groupId}\n`);
  } catch (error) {
    // Killed just now: the next one is told of all groups when it starts.
    if (watcher === current) watcher = undefined;
    if (error instanceof Deno.errors.BrokenPipe) startWatcher();
    else throw error;
  }
  return async () => {
    groups.delete(groupId);
    try {
      if (watcher !== undefined) await tell(watcher, `-${groupId}\n`);
    } catch {
      // this watcher is gone, and the next one will not know the group
    }
    await stopIdleWatcher();
  };
}

/** Starts the watcher, if there is none. */
export function startWatcher(): Watcher {
  if (watcher !== undefined) return watcher;
  const start = performance.now();
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
  input.closed.catch(() => {}); // every write tells the same
  const started: Watcher = { input, child };
  watcher = started;
  if (groups.size > 0) {
    tell(started, [...groups].map((id) => `+${id}\n`).join("")).catch(() => {}); // seen below
  }
  child.status.then(() => {
    input.close().catch(() => {}); // closed before, unless somebody has killed it
    if (watcher !== started) return;
    watcher = undefined;
    if (groups.size > 0 && performance.now() - start > LONG_ENOUGH_MS) startWatcher();
  });
  return started;
}

/** Ends the watcher when there is nothing to watch. */
export async function stopIdleWatcher(): Promise<void> {
  if (watcher === undefined || groups.size > 0) return;
  const { child, input } = watcher;
  watcher = undefined;
  child.ref();
  await input.close().catch(() => {}); // it is gone already
  await child.status;
}

async function tell({ input }: Watcher, lines: string): Promise<void> {
  await input.write(new TextEncoder().encode(lines));
}
