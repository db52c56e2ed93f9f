/** What came back. */
export interface HttpAnswer {
  /** HTTP status. */
  readonly status: number;
  /** The body as text, at most its first mebibyte. */
  readonly body: string;
}

const MAX_BODY_LENGTH = 1024 * 1024;

/**
 * Asks a server straight, whatever `HTTP_PROXY` says.
 *
 * `fetch` has no such way: with `proxy: { transport: "tcp" }` it sends the request as to a proxy
 * (`GET http://…`), which small servers such as busybox's refuse.
 *
 * @param hostname Name or address.
 * @param port TCP port.
 * @param path Path and query.
 * @param signal Ends the attempt.
 */
export async function httpGet(
  hostname: string,
  port: number,
  path: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { request } = await import("node:http"); // 20 ms, for those that wait for a server only
  return await new Promise((resolve, reject) => {
    const asking = request({
      hostname,
      port,
      path,
      agent: false,
      headers: { connection: "close" },
    });
    const stop = () => asking.destroy();
    const end = () => signal.removeEventListener("abort", stop);
    signal.addEventListener("abort", stop, { once: true });
    asking.on("error", (error) => {
      end();
      reject(signal.aborted ? signal.reason : error);
    });
    asking.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
        if (body.length > MAX_BODY_LENGTH) response.destroy();
      });
      response.on("close", () => {
        end();
        if (signal.aborted) reject(signal.reason);
        else resolve({ status: response.statusCode ?? 0, body: body.slice(0, MAX_BODY_LENGTH) });
      });
    });
    asking.end();
  });
}
