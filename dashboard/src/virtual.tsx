// A list of any length of which only what is seen is in the page. All rows have the same height.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const MORE = 8;

export function Virtual<T>({ items, height, row, keyOf, label, stick, onTop, onStick, role = "list", empty }: {
  items: readonly T[]; height: number; row: (item: T, index: number) => ComponentChildren; keyOf: (item: T) => string | number; label: string;
  /** Stay at the end when more comes. */
  stick?: boolean;
  /** The reader has come to the top. */
  onTop?: () => void;
  /** The reader has left the end, or come back to it. */
  onStick?: (is: boolean) => void;
  role?: "list" | "rowgroup"; empty?: ComponentChildren;
}) {
  const pane = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [seen, setSeen] = useState(600);
  const first = useRef<string | number | null>(null);
  const sticking = useRef(true);

  useLayoutEffect(() => {
    const node = pane.current!;
    const observer = new ResizeObserver(() => setSeen(node.clientHeight));
    observer.observe(node);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const node = pane.current!;
    // What was put in front moves what the reader looks at: move along.
    if (first.current !== null && items.length && keyOf(items[0]!) !== first.current && !stick) {
      const moved = items.findIndex(item => keyOf(item) === first.current);
      if (moved > 0) node.scrollTop += moved * height;
    }
    first.current = items.length ? keyOf(items[0]!) : null;
    if (stick) node.scrollTop = node.scrollHeight;
  }, [items, stick]);

  const scrolled = () => {
    const node = pane.current;
    if (!node) return;  // the list has gone, and its last scrolling is told late
    setTop(node.scrollTop);
    const atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < height;
    if (atEnd !== sticking.current) { sticking.current = atEnd; onStick?.(atEnd); }
    if (node.scrollTop < 2 * height) onTop?.();
  };
  const from = Math.max(0, Math.floor(top / height) - MORE);
  const to = Math.min(items.length, Math.ceil((top + seen) / height) + MORE);
  return (
    <div class="virtual" ref={pane} onScroll={scrolled} tabIndex={0} role={items.length ? role : "group"} aria-label={label}>
      {items.length === 0 && empty}
      <div class="all" role="presentation" style={{ height: `${items.length * height}px` }}>
        <div class="seen" role="presentation" style={{ transform: `translateY(${from * height}px)` }}>{items.slice(from, to).map((item, index) => row(item, from + index))}</div>
      </div>
    </div>
  );
}
