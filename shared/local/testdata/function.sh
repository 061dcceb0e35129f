#!/bin/sh
# The program of every function in the tests of `local`: the test binary plays it. A file that is
# written by the test itself could be "busy" while another test starts a process.
if [ -n "$CHILD_FILE" ]; then
    sleep 600 &
    echo $! > "$CHILD_FILE"
    wait
fi
exec "$PLAYED_BY" --exact lambda::tests::plays_the_function --nocapture
