/** `fetch` that reads no more than `maxBytes` of any answer and ends with `signal`. */
export function fetchWithin(maxBytes: number, signal: AbortSignal): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (url, init = {}) => {
    const response = await fetch(url, { ...init, signal: init.signal == null ? signal : AbortSignal.any([init.signal, signal]) });
    if (response.body === null) return response;
    let bytes = 0;
    const bounded = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          bytes += chunk.length;
          if (bytes > maxBytes) controller.error(new Error('The answer is too large.'));
          else controller.enqueue(chunk);
        },
      }),
    );
    return new Response(bounded, { status: response.status, headers: response.headers });
  };
}
