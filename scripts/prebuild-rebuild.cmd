@node "%~dp0prebuild-rebuild.mjs" %*
