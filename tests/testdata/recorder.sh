#!/bin/sh
# A function that writes down what it is sent: the test process that started it, once more, as one test of it.
exec "/proc/$PPID/exe" --exact fixtures::records_what_a_function_is_sent --nocapture
