"""The fault bench: real services, brokers and nodes, and everything that happens to them in the field.

    make chaos                      every fault at full size, as a table; exit 1 where something did not hold
    make chaos ARGS="--only oom-killed --seed 7"

Each fault is a function that takes a Rig and gives rows; `catalogue` lists them. Nothing here replaces a part of ours:
processes are stopped, killed and starved, links go through a proxy, and what must hold is read off the bus.
"""
