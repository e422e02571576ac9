# syntax=docker/dockerfile:1
# escape=`
# check=skip=JSONArgsRecommended;error=true

FROM mcr.example/windows/nanoserver:1809
SHELL ["powershell", "-Command", "$ErrorActionPreference = 'Stop';"]
WORKDIR C:\app
COPY a.txt C:\app\
RUN Write-Host 'one'; `
    Write-Host ('two {0}' -f $env:VERSION); `
    # in between
    Remove-Item -Force a.txt
ENV NAME=C:\dir\$X ESCAPED=`$X
CMD ["cmd", "/c", "dir C:\\app"]
