# A text becomes a page: the first line is its title.
title=$(head -n 1 "$1")
echo "<!DOCTYPE html><html><head><meta charset=utf-8><title>$title</title></head><body><h1>$title</h1><pre>"
tail -n +2 "$1" | sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g'
echo "</pre></body></html>"
