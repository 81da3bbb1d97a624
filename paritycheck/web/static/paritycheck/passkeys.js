/* Passkeys: asks the browser for a credential and sends it with the form. The browser itself reads and writes the JSON. */
(() => {
  "use strict";

  const can = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);

  const asked = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("refused");
    return (await answer.json()).request_options;
  };

  const made = async (form) => {
    const { publicKey } = await asked(form);
    if (form.dataset.passkey === "new") {
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
    }
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = !can;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const trouble = form.querySelector("[data-trouble]");
      trouble.hidden = true;
      try {
        form.elements.credential.value = JSON.stringify(await made(form));
        form.submit();
      } catch {
        trouble.hidden = false;
      }
    });
  }
})();
