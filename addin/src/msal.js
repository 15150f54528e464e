/** MSAL: what of Microsoft's sign-in library do we take? Its own file, so that bundles leave the rest out. */

export { createNestablePublicClientApplication } from "@azure/msal-browser";
