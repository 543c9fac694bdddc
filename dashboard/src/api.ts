// Talking to the control API. The token of a protected emulator is asked for once and kept for this tab.
import { signal } from "@preact/signals";
import type { Plain } from "./types";

const KEY = "charger-emulator-token";
let token = sessionStorage.getItem(KEY) ?? "";
/** The token is missing or wrong. */
export const locked = signal(false);

export function unlock(given: string) {
  token = given;
  sessionStorage.setItem(KEY, given);
  location.reload();
}

export class ApiError extends Error {
  constructor(message: string, readonly status: number) { super(message); }
}

export async function call<T>(method: string, path: string, body?: Plain): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers["Authorization"] = `Bearer ${token}`;
  const reply = await fetch(path.replace(/^\//, ""), { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (reply.status === 401) locked.value = true;
  const found = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new ApiError(found.detail ?? found.title ?? `${reply.status} ${reply.statusText}`, reply.status);
  return found as T;
}
export const get = <T>(path: string, query: Record<string, string | number | undefined> = {}) => call<T>("GET", path + queryOf(query));

export function queryOf(query: Record<string, string | number | undefined>): string {
  const used = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  return used.length ? "?" + used.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`).join("&") : "";
}

/** A part of an address. */
export const part = (name: string) => encodeURIComponent(name);

export function socketUrl(path: string, query: Record<string, string | number | undefined>): string {
  const url = new URL(path.replace(/^\//, "") + queryOf({ ...query, access_token: token || undefined }), document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
