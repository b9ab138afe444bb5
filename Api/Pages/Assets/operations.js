
// Operations: clocks of pictures, runs that are under way, and keyboard shortcuts.
for (const clock of document.querySelectorAll("[data-clock]")) {
  const language = document.documentElement.dataset.formats || "sv-SE";
  clock.textContent = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(new Date(clock.dataset.clock));
}
for (const zone of document.querySelectorAll("[data-zone]")) zone.textContent = "times of your time zone";

// A field for a time is in UTC for the server, and in the reader's time zone for the reader.
for (const field of document.querySelectorAll("input[data-utc]")) {
  document.getElementById(`${field.id}-hint`).textContent = field.dataset.utc;
  if (field.defaultValue) {
    const moment = new Date(`${field.defaultValue}Z`);
    field.value = new Date(moment - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  }
  field.form.addEventListener("formdata", (event) => {
    if (field.value) event.formData.set(field.name, new Date(field.value).toISOString().slice(0, 16));
  });
}

// On a narrow page the sections scroll; the one that is open is brought into sight.
const section = document.querySelector(".sections [aria-current]");
if (section) {
  const sections = section.parentElement;
  sections.scrollLeft = section.offsetLeft - sections.offsetLeft - (sections.clientWidth - section.offsetWidth) / 2;
}

// A run that is under way: at each event its parts are taken from the page as it is now.
for (const run of document.querySelectorAll("[data-live]")) {
  const events = new EventSource(run.dataset.live);
  let isBusy = false;
  events.addEventListener("progress", async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of run.querySelectorAll("[data-part]")) {
        const now = page.querySelector(`[data-part="${part.dataset.part}"]`);
        if (now) part.replaceChildren(...now.childNodes);
      }
      localTimes(run);
    } catch {
      // The network may fail for once; the next event tries again.
    } finally {
      isBusy = false;
    }
  });
  events.addEventListener("finished", () => {
    events.close();
    location.reload();
  });
  addEventListener("pagehide", () => events.close());
}

// Single keys, which can be switched off, and are off inside fields.
if (document.querySelector(".sections[data-keys='on']")) {
  const help = document.getElementById("keys");
  const patience = 1500;
  let went = -patience;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || help.open) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const isGoing = event.timeStamp - went < patience;
    went = -patience;
    if (event.key === "?") {
      event.preventDefault();
      help.showModal();
    } else if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
    } else if (event.key === "g" && !isGoing) {
      went = event.timeStamp;
    } else if (/^[a-z]$/.test(event.key)) {
      document.querySelector(`${isGoing ? ".sections" : ".pager"} [data-key="${event.key}"]`)?.click();
    }
  });
}
