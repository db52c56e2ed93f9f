/**
 * How long a compose file of 1,500 services (1 MB) takes to read, check and print, in this process
 * and as a command.
 *
 * Run: deno run -A tests/bench/compose_config.ts
 */
import { loadComposeProject, printConfig } from "../../lib/compose/mod.ts";
import { median } from "./_median.ts";

const SERVICES = 1_500;
const ROUNDS = 5;

const directory = await Deno.makeTempDir({ prefix: "superorch-bench-" });
try {
  const text = composeFile();
  const path = `${directory}/compose.yaml`;
  await Deno.writeTextFile(path, text);
  console.log(`${SERVICES} services, ${(text.length / 1e6).toFixed(2)} MB`);
  const [read, print] = [[] as number[], [] as number[]];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    const project = await loadComposeProject({ files: [path], env: {} });
    const loaded = performance.now();
    printConfig(project);
    read.push(loaded - began);
    print.push(performance.now() - loaded);
  }
  console.log(`first read ${Math.round(read[0]!)} ms, print ${Math.round(print[0]!)} ms`);
  console.log(`median read ${Math.round(median(read))} ms, print ${Math.round(median(print))} ms`);
  const main = new URL("../../cli/main.ts", import.meta.url).href;
  const whole = await timed(["run", "-q", "-A", main, "compose", "config", "-f", path]);
  const start = await timed(["run", "-q", "-A", main, "--version"]);
  console.log(
    `superorch compose config ${Math.round(whole)} ms, of which start ${Math.round(start)} ms`,
  );
} finally {
  await Deno.remove(directory, { recursive: true });
}

async function timed(args: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    await new Deno.Command(Deno.execPath(), { args: [...args], stdin: "null" }).output();
    times.push(performance.now() - began);
  }
  return median(times);
}

function composeFile(): string {
  const services = Array.from({ length: SERVICES }, (_, index) =>
    `  svc${index}:
    image: registry.example.com/team/app-${index}:\${TAG:-1.2.3}
    command: ["serve", "--port", "${8000 + index}", "--name", "svc${index}"]
    environment:
      PORT: "${8000 + index}"
      LOG_LEVEL: info
      DATABASE_URL: postgres://u:p@db-${index % 10}:5432/app
      FEATURE_A: "true"
      FEATURE_B: "false"
    ports:
      - "127.0.0.1:${10_000 + index}:${8000 + index}"
    volumes:
      - data${index % 20}:/var/lib/data
      - ./conf/${index}:/etc/app:ro
    labels:
      com.example.team: team-${index % 7}
      com.example.index: "${index}"
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:${8000 + index}/health"]
      interval: 10s
      timeout: 2s
      retries: 3
${
      index > 10
        ? `    depends_on:\n      svc${index % 10}:\n        condition: service_healthy\n`
        : ""
    }\
    restart: unless-stopped
`);
  const volumes = Array.from({ length: 20 }, (_, index) => `  data${index}: {}\n`);
  return `name: big\nservices:\n${services.join("")}volumes:\n${volumes.join("")}`;
}
