// k6 with a TCP module: what load-tests/build-k6.sh builds when the official extension cannot be had.
package main

import (
	_ "postern/k6/tcp"

	"go.k6.io/k6/v2/cmd"
)

func main() {
	cmd.Execute()
}
