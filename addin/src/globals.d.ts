/** What Outlook and our server put beside the scripts. */

interface AddinConfig {
  /** Where Unhook answers, such as https://unhook.example.com; empty means where the page came from. */
  origin: string;
  /** The add-in's app registration; empty means that nobody signs in. */
  client_id: string;
  authority: string;
  scope: string;
  /** The organisation at Microsoft, when this installation serves just one. */
  directory: string;
  /** Whom to forward a message to when Unhook is away. */
  forward_to: string;
}

/** The server's first line in front of each script: classic Outlook's runtime has no address to ask. */
declare const UNHOOK: AddinConfig | undefined;

/** Not in @types/office-js. Outlook gives it to runtimes without a page. */
declare const OfficeRuntime:
  | {
      storage?: {
        getItem(key: string): Promise<string | null>;
        setItem(key: string, value: string): Promise<void>;
        removeItem(key: string): Promise<void>;
        getKeys(): Promise<string[]>;
      };
    }
  | undefined;
