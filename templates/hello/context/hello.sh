#!/bin/sh
echo "Hello from $(hostname), a container of an image that you built."
