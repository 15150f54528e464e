// Office.js as far as the add-in uses it, answering what the test put into OUTLOOK. Nothing of Microsoft's is in here.

(() => {
  const ok = (value) => ({ status: "succeeded", value });
  const sets = { Mailbox: OUTLOOK.mailbox, NestedAppAuth: OUTLOOK.token === undefined ? "0" : "1.1" };
  const number = (version) => version.split(".").reduce((sum, part) => sum * 1000 + Number(part), 0);
  const item = OUTLOOK.item && {
    ...OUTLOOK.item,
    from: { displayName: "Payroll", emailAddress: "payroll@pay.example" },
    getAsFileAsync: (callback) => callback(OUTLOOK.eml ? ok(OUTLOOK.eml) : { status: "failed", error: { code: 5001 } }),
  };
  if (item && OUTLOOK.mailbox !== "1.14") delete item.getAsFileAsync;

  window.Office = {
    AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
    MailboxEnums: { RestVersion: { v2_0: "v2.0" }, MoveSpamItemTo: { NoMove: "noMove" } },
    actions: { associate: (name, handler) => (window.associated = { name, handler }) },
    onReady: (callback) => setTimeout(() => callback({ host: OUTLOOK.host, platform: "OfficeOnline" }), 5),
    context: OUTLOOK.host
      ? {
          displayLanguage: OUTLOOK.language || "en-US",
          officeTheme: OUTLOOK.theme,
          requirements: { isSetSupported: (set, version) => number(sets[set] || "0") >= number(version) },
          mailbox: {
            item,
            userProfile: { emailAddress: OUTLOOK.account },
            diagnostics: { hostName: OUTLOOK.phone || "OutlookWebApp" },
            convertToRestId: (id) => {
              if (OUTLOOK.phone) throw new Error("not on phones");
              return id.replaceAll("/", "-");
            },
          },
        }
      : {},
  };

  // Nested app authentication: Outlook's side of the bridge that MSAL talks over.
  const account = {
    homeAccountId: "oid.tid",
    environment: "login.microsoftonline.com",
    tenantId: "99999999-8888-7777-6666-555555555555",
    username: OUTLOOK.account,
    localAccountId: "oid",
    name: "Ana",
  };
  const part = (value) => btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
  const listeners = [];
  let asked = false;
  window.nestedAppAuthBridge = {
    addEventListener: (_, listener) => listeners.push(listener),
    postMessage(text) {
      const { requestId, method, tokenParams } = JSON.parse(text);
      const reply = { messageType: "NestedAppAuthResponse", requestId, success: true };
      asked = asked || method === "GetTokenPopup";
      if (method === "GetInitContext") {
        reply.initContext = { sdkName: "test", sdkVersion: "1", capabilities: {}, accountContext: account };
      } else if (OUTLOOK.token === null || (OUTLOOK.asks && !asked)) {
        Object.assign(reply, { success: false, error: { status: "USER_INTERACTION_REQUIRED", code: "x" } });
      } else {
        const claims = { oid: "oid", tid: account.tenantId, preferred_username: OUTLOOK.account };
        const idToken = `${part({ alg: "none" })}.${part(claims)}.x`;
        const scope = tokenParams.scope;
        reply.token = { access_token: OUTLOOK.token, expires_in: 3600, id_token: idToken, scope, properties: null };
        reply.account = account;
      }
      setTimeout(() => listeners.forEach((listener) => listener(JSON.stringify(reply))), 5);
    },
  };
})();
