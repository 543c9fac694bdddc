// "Try it" of the reference page: sends what a form says to this very server, and shows the answer.

for (const form of document.querySelectorAll("form[data-path]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const reply = form.querySelector(".reply");
    reply.hidden = false;
    reply.textContent = "...";
    reply.textContent = await send(form).catch((error) => String(error));
  });
}

async function send(form) {
  const { method } = form.dataset;
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const { name, value, dataset } of form.querySelectorAll("input")) {
    if (dataset.place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== "") query.set(name, value);
  }
  const body = form.elements.body?.value;
  const headers = body ? { "Content-Type": "application/json" } : {};
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(query.size ? `${path}?${query}` : path, { method, headers, body: body || undefined });
  if (answer.status === 401) {
    const given = prompt("Token of the control API");
    if (given) {
      sessionStorage.setItem("token", given);
      return send(form);
    }
  }
  const text = await answer.text();
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // shown as it came
  }
  return `${answer.status} ${answer.statusText}\n\n${shown}`;
}
