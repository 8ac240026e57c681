# Makes main.wasm: with a wasi-sdk where WASI_SDK_PATH names one, or else with the system's clang and wasi-libc.
set -e
if [ -n "$WASI_SDK_PATH" ]; then
  clang="$WASI_SDK_PATH/bin/clang" sysroot="$WASI_SDK_PATH/share/wasi-sysroot"
else
  clang=clang sysroot=/usr
fi
"$clang" --target=wasm32-wasi --sysroot="$sysroot" -O2 -Wall -Wextra -Wl,--strip-all -o main.wasm main.c
