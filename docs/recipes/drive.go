// Tests a client in Go against an emulator whose control API is at CONTROL. Standard library only.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
)

var control = os.Getenv("CONTROL")

// call posts a document to the control API and decodes the reply.
func call(path string, body any) map[string]any {
	text, _ := json.Marshal(body)
	reply, err := http.Post(control+path, "application/json", bytes.NewReader(text))
	return decoded(reply, err)
}

func decoded(reply *http.Response, err error) map[string]any {
	if err != nil {
		log.Fatal(err)
	}
	defer reply.Body.Close()
	var found map[string]any
	if err := json.NewDecoder(reply.Body).Decode(&found); err != nil {
		log.Fatal(err)
	}
	if reply.StatusCode >= 400 {
		log.Fatalf("%s: %v", reply.Request.URL, found["detail"])
	}
	return found
}

// box is the URL of the HTTP interface of a wallbox.
func box(name string) string {
	for _, found := range decoded(http.Get(control + "/api/wallboxes"))["wallboxes"].([]any) {
		box := found.(map[string]any)
		for _, listed := range box["interfaces"].([]any) {
			if at := listed.(map[string]any); box["name"] == name && at["name"] == "http" {
				return at["url"].(string)
			}
		}
	}
	log.Fatalf("no wallbox %s", name)
	return ""
}

func main() {
	if control == "" {
		control = "http://127.0.0.1:8000"
	}
	call("/api/reset", map[string]any{})
	call("/api/steps", map[string]any{"plug_in": map[string]any{"vehicle": "vw_id3"}})
	call("/api/clock/advance", map[string]any{"until": map[string]any{"power": "> 10 kW"}, "within": "2 min"})

	if _, err := http.Get(box("charger.goe") + "/api/set?amp=10"); err != nil { // what the client under test does
		log.Fatal(err)
	}

	call("/api/clock/advance", map[string]any{"by": "10 s"})
	found := call("/api/expect", map[string]any{"offered_current": "10 A", "goe.amp": 10})
	if found["ok"] != true {
		log.Fatalf("not as expected: %v", found["items"])
	}
	fmt.Println("passed")
}
