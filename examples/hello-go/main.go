// The Go function: an ordinary http.Handler, served by net/http/cgi of the standard library. Nothing here knows of Mayfly.
package main

import (
	"fmt"
	"net/http"
	"net/http/cgi"
	"os"
	"runtime"
)

func hello(response http.ResponseWriter, request *http.Request) {
	response.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(response, "Hello from %s on %s/%s: you asked with %s for %s\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, request.Method, request.URL.Path)
}

func main() {
	if err := cgi.Serve(http.HandlerFunc(hello)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
