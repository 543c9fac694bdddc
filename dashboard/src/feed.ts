// The live feed: one WebSocket for each thing that is watched, opened again when it breaks. What comes between two
// frames is handed over together, so that the page is drawn at most once for each frame.
import { socketUrl } from "./api";
import type { Message } from "./types";

export interface Feed { close(): void }

export function follow(query: Record<string, string | number | undefined>, heard: (messages: Message[]) => void, online: (is: boolean) => void = () => {}): Feed {
  let waiting: Message[] = [], closed = false, drawing = false;
  let socket: WebSocket | null = null, retry = 0, pause = 500;

  const hand = () => {
    drawing = false;
    const messages = waiting;
    waiting = [];
    if (!closed && messages.length) heard(messages);
  };
  const open = () => {
    socket = new WebSocket(socketUrl("/api/events", query));
    socket.onopen = () => { pause = 500; online(true); };
    socket.onmessage = event => {
      waiting.push(JSON.parse(event.data) as Message);
      if (drawing) return;
      drawing = true;
      // A page in the background gets no frames; it is kept up to date all the same, only less often.
      if (document.hidden) setTimeout(hand, 1000); else requestAnimationFrame(hand);
    };
    socket.onclose = () => {
      if (closed) return;
      online(false);
      retry = window.setTimeout(open, pause);
      pause = Math.min(5000, pause * 2);
    };
  };
  open();
  return {
    close() {
      closed = true;
      clearTimeout(retry);
      if (!socket) return;
      // A browser complains on its console about a connection that is given up before it is there.
      if (socket.readyState === WebSocket.CONNECTING) { const opening = socket; opening.onopen = () => opening.close(); } else socket.close();
    },
  };
}
