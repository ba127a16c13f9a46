"""The command line's commands, one file each: `add(commands)` declares it, `run(args)` does it."""
