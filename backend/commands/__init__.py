"""Commands: what each word after `unhook` does. One file per group, imported only when it is called."""
