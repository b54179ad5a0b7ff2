// sarama shows what it can do, with its defaults unless the capability is a setting.
// The protocol is in ../capabilities.py.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

const wait = 60 * time.Second

// Ground is where a capability is shown.
type Ground struct {
	servers []string
	topic   string
	stdin   *bufio.Reader
}

// notThere is the error of a capability that the client does not have.
var notThere = errors.New("not there")

func main() {
	capability, bootstrap, topic := os.Args[1], os.Args[2], os.Args[3]
	ground := &Ground{strings.Split(bootstrap, ","), topic, bufio.NewReader(os.Stdin)}
	ability, ok := abilities[capability]
	if !ok {
		say(map[string]any{"ok": nil, "why": "not in this client's program"})
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 110*time.Second)
	defer cancel()
	why, err := ability(ctx, ground)
	switch {
	case errors.Is(err, notThere):
		say(map[string]any{"ok": nil, "why": why})
	case err != nil:
		say(map[string]any{"ok": false, "why": err.Error()})
	default:
		say(map[string]any{"ok": true, "why": why})
	}
}

func say(what map[string]any) {
	line, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func (ground *Ground) please(what map[string]any) error {
	say(what)
	_, err := ground.stdin.ReadString('\n')
	return err
}

func (ground *Ground) crashLeader() error {
	return ground.please(map[string]any{"please": "crash_leader", "partition": 0})
}

func (ground *Ground) crashCoordinator() error {
	return ground.please(map[string]any{"please": "crash_coordinator", "group": ground.topic})
}

// until asks again and again, and fails when it takes too long.
func until(ctx context.Context, what string, is func() bool) error {
	for deadline := time.Now().Add(wait); !is(); {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("not so within %v: %s", wait, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

func numbers(from, to int) []int {
	all := make([]int, 0, to-from)
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

// same says what differs, as an error.
func same[T comparable](what string, got, wanted []T) error {
	if !slices.Equal(got, wanted) {
		return fmt.Errorf("%s: %v, not %v", what, got, wanted)
	}
	return nil
}
