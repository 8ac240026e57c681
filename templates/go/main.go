// A function: an ordinary http.Handler, served by net/http/cgi. What goes to stderr is the function's log.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"os"
	"strings"
)

func serve(response http.ResponseWriter, request *http.Request) {
	log.Printf("%s %s", request.Method, request.URL.Path)
	response.Header().Set("Content-Type", "text/plain; charset=utf-8")
	switch request.Method {
	case http.MethodGet, http.MethodHead:
		greet(response, strings.TrimPrefix(request.URL.Path, "/"))
	case http.MethodPost:
		// Sends the body back as it came, piece by piece.
		if _, err := io.Copy(response, request.Body); err != nil {
			log.Print(err)
		}
	default:
		response.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(response, request.Method+" is not for this function", http.StatusMethodNotAllowed)
	}
}

func greet(response http.ResponseWriter, name string) {
	greeting := os.Getenv("GREETING")
	if greeting == "" {
		greeting = "Hello"
	}
	if name == "" {
		name = "world"
	}
	fmt.Fprintf(response, "%s, %s!\n", greeting, name)
}

func main() {
	log.SetFlags(0) // Mayfly notes the time of each line.
	if err := cgi.Serve(http.HandlerFunc(serve)); err != nil {
		log.Fatal(err)
	}
}
