/** PEM texts made by a test. */
export interface TlsFiles {
  /** The authority that signed the others. */
  readonly ca: string;
  /** Certificate and key of the server, for 127.0.0.1 and localhost. */
  readonly server: { readonly cert: string; readonly key: string };
  /** Certificate and key of a client. */
  readonly client: { readonly cert: string; readonly key: string };
}

const SCRIPT = `set -e
cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca \\
  -keyout ca-key.pem -out ca.pem
for who in server client; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$who" \\
    -keyout $who-key.pem -out $who.csr
  usage=clientAuth; [ $who = client ] || usage=serverAuth
  printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\\nextendedKeyUsage=%s\\n' $usage > $who.ext
  openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 \\
    -extfile $who.ext -out $who-cert.pem
done`;

/** Makes an authority with one server and one client, with the openssl program. */
export async function makeTls(): Promise<TlsFiles> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-tls-" });
  try {
    const { success, stderr } = await new Deno.Command("sh", {
      args: ["-c", SCRIPT, "sh", directory],
      stdin: "null",
      stdout: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const read = (name: string) => Deno.readTextFile(`${directory}/${name}.pem`);
    return {
      ca: await read("ca"),
      server: { cert: await read("server-cert"), key: await read("server-key") },
      client: { cert: await read("client-cert"), key: await read("client-key") },
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
