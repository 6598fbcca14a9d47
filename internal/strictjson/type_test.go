package strictjson

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

type (
	writesOnly struct{ A int }
	readsOnly  int
	Stamped    struct {
		time.Time
		Note string
	}
	ownMethods struct {
		time.Time
		Note string
	}
	date     struct{ time.Time }
	Inner    struct{ B int }
	loop     struct{ *loopBack }
	loopBack struct{ *Loop }
	Loop     struct {
		*Loop
		A int
	}
	tree struct{ Kids []tree }
	both struct {
		X Inner
		Inner
	}
)

func (writesOnly) MarshalText() ([]byte, error)  { return nil, nil }
func (*readsOnly) UnmarshalJSON([]byte) error    { return nil }
func (ownMethods) MarshalJSON() ([]byte, error)  { return nil, nil }
func (*ownMethods) UnmarshalJSON([]byte) error   { return nil }
func (*ownMethods) UnmarshalText(t []byte) error { return nil }
func (ownMethods) MarshalText() ([]byte, error)  { return nil, nil }

func TestCheckType(t *testing.T) {
	for _, tt := range []struct {
		why  string
		t    reflect.Type
		good bool
	}{
		{"any in a struct", reflect.TypeFor[struct{ A any }](), false},
		{"any in a map", reflect.TypeFor[map[string]any](), false},
		{"any in a list in a map", reflect.TypeFor[map[string][]any](), false},
		{"an interface with methods", reflect.TypeFor[struct{ A json.Marshaler }](), false},
		{"any that is left out", reflect.TypeFor[struct {
			A any `json:"-"`
			B int
		}](), true},
		{"a chan", reflect.TypeFor[struct{ A chan int }](), false},
		{"a complex number", reflect.TypeFor[[]complex128](), false},
		{"a func", reflect.TypeFor[func()](), false},
		{"keys that are bools", reflect.TypeFor[map[bool]int](), false},
		{"keys that are numbers", reflect.TypeFor[map[uint8]int](), true},
		{"keys that are addresses", reflect.TypeFor[map[netip.Addr]int](), true},
		{"a method that writes alone", reflect.TypeFor[[]writesOnly](), false},
		{"a method that reads alone", reflect.TypeFor[map[string]readsOnly](), false},
		{"keys that write alone", reflect.TypeFor[map[writesOnly]int](), false},
		{"methods of an embedded field", reflect.TypeFor[Stamped](), false},
		{"methods of an embedded field, inside", reflect.TypeFor[[]*Stamped](), false},
		{"methods of its own beside it", reflect.TypeFor[ownMethods](), true},
		{"an embedded field alone", reflect.TypeFor[date](), true},
		{"an unexported embedded pointer", reflect.TypeFor[loop](), false},
		{"an endless embedding", reflect.TypeFor[Loop](), false},
		{"a tree", reflect.TypeFor[tree](), true},
		{"a type as a field and embedded", reflect.TypeFor[both](), true},
		{"times and messages", reflect.TypeFor[struct {
			T time.Time
			M json.RawMessage
			N json.Number
		}](), true},
	} {
		if err := CheckType(tt.t); (err == nil) != tt.good {
			t.Errorf("%s: %v", tt.why, err)
		}
	}
}

// TestKeysThatAreNumbers: encoding/json reads several texts as one number, and
// keeps the last member.
func TestKeysThatAreNumbers(t *testing.T) {
	for text, good := range map[string]bool{`{"7":1,"-8":2}`: true, `{"7":1,"07":2}`: false, `{"+7":1}`: false, `{"-0":1}`: false, `{"x":1}`: false} {
		var m map[int]int
		if err := Decode([]byte(text), &m); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	var m map[uint]int
	if err := Decode([]byte(`{"7":1,"007":2}`), &m); err == nil {
		t.Error("007 is a key")
	}
	var a map[netip.Addr]int
	if err := Decode([]byte(`{"::1":1}`), &a); err != nil {
		t.Error(err)
	}
}
