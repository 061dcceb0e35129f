#!/bin/sh
# Plays a function that never asks for its first event.
exec sleep 600
