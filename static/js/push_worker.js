// Shows push messages, and opens the card when one is pressed.
self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data.json();
  } catch {
    said = { text: event.data ? event.data.text() : "" };
  }
  event.waitUntil(
    self.registration.showNotification(said.title || "", {
      body: said.text || "",
      tag: said.tag || undefined,
      data: { link: said.link || "" },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = event.notification.data && event.notification.data.link;
  if (link && new URL(link).origin === self.location.origin) {
    event.waitUntil(self.clients.openWindow(link));
  }
});
