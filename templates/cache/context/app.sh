#!/bin/sh
echo "running with $(ls /app/*.pkg | wc -l) packages"
