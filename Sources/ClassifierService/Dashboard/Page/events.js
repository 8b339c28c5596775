// Server-sent events through `fetch`: EventSource cannot send a token.

/**
 * Reads a stream of events until it ends.
 *
 * @param response an answer of type text/event-stream
 * @yields {{type: string, data: any}} events in order; what is not JSON is left out
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let type = "";
  let data = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      // A carriage return at the end may be the first half of a line end.
      const end = rest.endsWith("\r") ? rest.length - 1 : rest.length;
      const lines = rest.slice(0, end).split(/\r\n|\r|\n/);
      rest = lines.pop() + rest.slice(end);
      for (const line of lines) {
        if (line === "") {
          const event = parsed(type, data);
          if (event) yield event;
          type = "";
          data = [];
          continue;
        }
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "event") type = text;
        else if (field === "data") data.push(text);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function parsed(type, data) {
  if (data.length === 0) return null;
  try {
    return { type: type || "message", data: JSON.parse(data.join("\n")) };
  } catch {
    return null;
  }
}
