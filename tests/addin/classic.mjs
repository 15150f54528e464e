// Classic Outlook's runtime, as far as its documentation tells: one script, no page, no address, no modules.
// Reads a scenario as JSON on standard input, presses the report button once, and prints what happened.

import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import vm from "node:vm";

const FASTER = 5; // a wait of ten seconds takes two; less, and a busy machine would change what happens
const scenario = JSON.parse(readFileSync(0, "utf8"));
const completed = [];
const requests = [];
const stored = new Map(Object.entries(scenario.stored ?? {}));
let kept = new Map();
let handler = null;

class XMLHttpRequest {
  open(method, url) {
    Object.assign(this, { method, url, headers: {} });
  }
  setRequestHeader(name, value) {
    this.headers[name] = value;
  }
  send(body) {
    const path = this.url.replace(scenario.config.origin, "");
    const sent = { method: this.method, url: this.url, headers: this.headers, body: body && JSON.parse(body) };
    requests.push({ ...sent, stored: stored.size, completed: completed.length });
    const rule = scenario.answers.find((one) => `${this.method} ${path}`.startsWith(one.to) && one.times !== 0);
    if (!rule) throw new Error(`nobody answers ${this.method} ${path}`);
    if (rule.times) rule.times -= 1;
    if (rule.status === "throws") throw new Error("refused by the runtime");
    if (rule.status === "late") return void setTimeout(() => this.ontimeout(), this.timeout / 100);
    setTimeout(() => {
      this.status = rule.status;
      this.responseText = typeof rule.body === "string" ? rule.body : JSON.stringify(rule.body ?? {});
      if (rule.status === "lost") this.onerror();
      else this.onload();
    }, 1);
  }
}

const failed = { status: "failed", error: { code: 5001 } };
const item = {
  itemId: "EWS/item=",
  internetMessageId: "<zebra@pay.example>",
  getAsFileAsync(callback) {
    if (scenario.eml === "throws") throw new Error("getAsFileAsync");
    if (scenario.eml === "never") return;
    callback(scenario.eml === null ? failed : { status: "succeeded", value: scenario.eml });
  },
  ...scenario.item,
};
if (scenario.shared !== undefined) {
  item.getSharedPropertiesAsync = (callback) =>
    callback(scenario.shared ? { status: "succeeded", value: { targetMailbox: scenario.shared } } : failed);
}

const Office = {
  AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
  MailboxEnums: { MoveSpamItemTo: { NoMove: "noMove", JunkFolder: "junkFolder" }, RestVersion: { v2_0: "v2.0" } },
  actions: { associate: (name, called) => (handler = { name, called }) },
  context: {
    displayLanguage: scenario.language ?? "en-US",
    requirements: { isSetSupported: (set) => set !== "NestedAppAuth" || scenario.token !== undefined },
    mailbox: {
      item: scenario.item === null ? null : item,
      userProfile: { emailAddress: "Ana@example.org" },
      diagnostics: { hostName: scenario.host ?? "Outlook" },
      convertToRestId: (id) => {
        if (scenario.host === "OutlookIOS") throw new Error("not on phones");
        return id.replaceAll("/", "-");
      },
    },
  },
};

const OfficeRuntime = {
  storage: {
    getItem: async (key) => stored.get(key) ?? null,
    setItem: async (key, value) => {
      if (scenario.full) throw new Error("full");
      stored.set(key, value);
      kept = new Map(stored);
    },
    removeItem: async (key) => void stored.delete(key),
    getKeys: async () => [...stored.keys()],
  },
};

// Outlook's side of nested app authentication.
const account = {
  homeAccountId: "oid.tid",
  environment: "login.microsoftonline.com",
  tenantId: "99999999-8888-7777-6666-555555555555",
  username: "ana@example.org",
  localAccountId: "oid",
  name: "Ana",
};
const listeners = [];
const nestedAppAuthBridge = {
  addEventListener: (_, listener) => listeners.push(listener),
  postMessage(text) {
    const { requestId, method, tokenParams } = JSON.parse(text);
    const reply = { messageType: "NestedAppAuthResponse", requestId, success: true };
    if (method === "GetInitContext") {
      reply.initContext = { sdkName: "test", sdkVersion: "1", capabilities: {}, accountContext: account };
    } else if (scenario.token === "never") {
      return;
    } else if (scenario.token === null) {
      Object.assign(reply, { success: false, error: { status: "USER_INTERACTION_REQUIRED", code: "x" } });
    } else {
      const claims = { oid: "oid", tid: account.tenantId, preferred_username: account.username };
      const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const idToken = [{ alg: "none" }, claims, ""].map(part).join(".");
      reply.token = {
        access_token: scenario.token,
        expires_in: 3600,
        id_token: idToken,
        scope: tokenParams.scope,
        properties: null,
      };
      reply.account = account;
    }
    setTimeout(() => listeners.forEach((listener) => listener(JSON.stringify(reply))), 1);
  },
};

const sooner = (called, wait) => setTimeout(called, (wait ?? 0) / FASTER);
const world = { Office, OfficeRuntime, XMLHttpRequest, setTimeout: sooner, clearTimeout };
world.window = world; // it is there, but holds neither document nor location
if (scenario.token !== undefined) {
  Object.assign(world, { nestedAppAuthBridge, URL, TextEncoder, TextDecoder, atob, btoa });
  if (!scenario.without_random) world.crypto = webcrypto;
}
if (scenario.only) scenario.only.forEach((name) => delete world[name]);

process.on("unhandledRejection", (error) => {
  console.error("unhandled", error);
  process.exit(3);
});

vm.createContext(world);
vm.runInContext(`var UNHOOK = ${JSON.stringify(scenario.config)};\n${readFileSync(scenario.script, "utf8")}`, world);

const event = {
  type: "SpamReporting",
  options: scenario.options ?? [true, false],
  freeText: scenario.comment ?? "",
  completed: (said) => completed.push(said),
};
handler.called(event);
const started = Date.now();
while (completed.length === 0 && Date.now() - started < 20000) await new Promise((resolve) => setTimeout(resolve, 5));
await new Promise((resolve) => setTimeout(resolve, scenario.linger ?? 60)); // a second end would come now

console.log(
  JSON.stringify({
    function: handler.name,
    completed,
    requests,
    stored: [...stored.values()].map((text) => JSON.parse(text)),
    ever_stored: [...kept.values()].join("\n"),
  }),
);
process.exit(0);
