import { errorMessage } from "../errors/error_message.ts";

/**
 * Puts a failed connection into words.
 *
 * @param cause What `Deno.connect`, `fetch`, or reading of an answer threw.
 * @returns One line without a final period.
 */
export function describeConnectionFailure(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return NO_SOCKET;
  if (cause instanceof Deno.errors.PermissionDenied) return NOT_ALLOWED;
  if (cause instanceof Deno.errors.ConnectionRefused) return "nothing listens there";
  if (cause instanceof SyntaxError) return `the answer is not JSON: ${firstLine(cause.message)}`;
  let deepest = cause;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const text = errorMessage(deepest);
  for (const [pattern, words] of WORDS) if (pattern.test(text)) return words;
  // hyper says "error sending request for url (…): client error (Connect): …"; the last is the why.
  return firstLine(text).replace(/^.*client error \([A-Za-z]+\): /, "").replace(
    / \(os error \d+\)/g,
    "",
  );
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}

const NO_SOCKET = "no such socket";
const NOT_ALLOWED =
  "permission denied: this user may not open the socket (is it in the group of the socket?)";

// Seen from Deno 2.9 (hyper and rustls); Deno gives no codes for these.
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/No such file or directory \(os error/, NO_SOCKET],
  [/Permission denied \(os error/, NOT_ALLOWED],
  [/Connection refused \(os error/, "nothing listens there"],
  [
    /UnknownIssuer|BadSignature/,
    "the engine's certificate is not signed by the given authority (ca.pem)",
  ],
  [
    /NotValidForName|CertNotValidForName/,
    "the engine's certificate is for another host name",
  ],
  [/certificate.*expired|Expired/i, "the engine's certificate is expired"],
  [
    /CertificateRequired|BadCertificate|UnknownCA|DecryptError|CertificateUnknown/,
    "the engine refuses the client certificate, or wants one (cert.pem and key.pem)",
  ],
  [/InvalidContentType|corrupt message/, "what listens there does not speak TLS"],
  [
    /invalid HTTP version|invalid HTTP header|unexpected message/i,
    "what listens there does not speak HTTP",
  ],
  [
    /connection closed before message completed|SendRequest.*closed/i,
    "the connection was closed before an answer came",
  ],
  [
    /reading a body|unexpected EOF|before message length reached|IncompleteMessage|chunk size/i,
    "the connection broke in the middle of the answer",
  ],
  [/reset by peer|Broken pipe/i, "the other side closed the connection"],
];
