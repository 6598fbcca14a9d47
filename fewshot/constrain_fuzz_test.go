package fewshot

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
	"time"

	"github.com/foreword-go/foreword/internal/jsonpattern"
	"github.com/foreword-go/foreword/sampling"
)

// A color is an enumeration.
type color int

func (color) Values() []color { return []color{0, 1, 2} }

var colors = []string{"red", "green", "blue"}

func (c color) MarshalText() ([]byte, error) { return []byte(colors[c]), nil }
func (c *color) UnmarshalText(text []byte) error {
	for i, name := range colors {
		if name == string(text) {
			*c = color(i)
			return nil
		}
	}
	return errors.New("not a color")
}

// A shape is an enumeration whose texts JSON writes in quotation marks.
type shape string

func (shape) Values() []shape { return []shape{"", "square", "a \"round\" one"} }

var leaves = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](), reflect.TypeFor[int](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[time.Time](),
	reflect.TypeFor[color](), reflect.TypeFor[shape](),
}

// randomType returns a type that JSON can write.
func randomType(r *rand.Rand, depth int) reflect.Type {
	if depth == 0 || r.IntN(3) == 0 {
		return leaves[r.IntN(len(leaves))]
	}
	inner := func() reflect.Type { return randomType(r, depth-1) }
	switch r.IntN(5) {
	case 0:
		return reflect.PointerTo(inner())
	case 1:
		return reflect.SliceOf(inner())
	case 2:
		return reflect.ArrayOf(r.IntN(4), inner())
	case 3:
		keys := []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[int16](), reflect.TypeFor[color]()}
		return reflect.MapOf(keys[r.IntN(len(keys))], inner())
	}
	fields := make([]reflect.StructField, r.IntN(5))
	for i := range fields {
		f := reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: inner()}
		option := []string{"", "", "", ",omitempty", ",omitzero"}[r.IntN(5)]
		if k := f.Type.Kind(); r.IntN(4) == 0 && f.Type != reflect.TypeFor[color]() && (k == reflect.Bool || k >= reflect.Int && k <= reflect.Float64) {
			option += ",string"
		}
		name := []string{"", fmt.Sprintf("n.%d", i), fmt.Sprintf("a_%d", i)}[r.IntN(3)]
		f.Tag = reflect.StructTag(fmt.Sprintf(`json:"%s%s"`, name, option))
		fields[i] = f
	}
	return reflect.StructOf(fields)
}

// randomize sets v to a random value.
func randomize(r *rand.Rand, v reflect.Value) {
	if r.IntN(4) == 0 && v.Kind() != reflect.String {
		return // the zero value
	}
	if values, ok := jsonpattern.Values(v.Type()); ok {
		v.Set(values[r.IntN(len(values))])
		return
	}
	if v.Type() == reflect.TypeFor[time.Time]() {
		zone := time.FixedZone("", 60*(r.IntN(2*1439)-1439))
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(200_000_000_000)-50_000_000_000, r.Int64N(3)*r.Int64N(1e9)).In(zone)))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		letters := []rune("ab,:{}[]\"\\ /<&\n\t\x00\x1f\x7f\u2028é나🙂\ufffd")
		text := make([]rune, r.IntN(6))
		for i := range text {
			text[i] = letters[r.IntN(len(letters))]
		}
		v.SetString(string(text))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> (64 - 1 - r.IntN(v.Type().Bits())))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> (64 - 1 - r.IntN(v.Type().Bits())))
	case reflect.Float32:
		v.SetFloat(float64(float32(math.Ldexp(r.Float64()-0.5, r.IntN(200)-100))))
	case reflect.Float64:
		v.SetFloat(math.Ldexp(r.Float64()-0.5, r.IntN(1000)-500))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		randomize(r, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(4), 4))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			randomize(r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range r.IntN(4) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			randomize(r, key)
			randomize(r, value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			randomize(r, v.Field(i))
		}
	}
}

// written returns a random text that the expression matches.
func written(r *rand.Rand, re *syntax.Regexp, b *strings.Builder) {
	several := func(least, most int) {
		for range least + r.IntN(most-least+1) {
			written(r, re.Sub[0], b)
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		i := 2 * r.IntN(len(re.Rune)/2)
		low, high := re.Rune[i], re.Rune[i+1]
		if c := low + r.Int32N(min(high-low, 300)+1); c < 0xd800 || c > 0xdfff {
			b.WriteRune(c)
		} else {
			b.WriteRune(low)
		}
	case syntax.OpCapture:
		written(r, re.Sub[0], b)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			written(r, sub, b)
		}
	case syntax.OpAlternate:
		written(r, re.Sub[r.IntN(len(re.Sub))], b)
	case syntax.OpStar:
		several(0, 3)
	case syntax.OpPlus:
		several(1, 3)
	case syntax.OpQuest:
		several(0, 1)
	case syntax.OpRepeat:
		most := re.Max
		if most < 0 {
			most = re.Min + 3
		}
		several(re.Min, most)
	case syntax.OpEmptyMatch:
	default:
		panic(re.Op)
	}
}

// excused are the reasons for which a text may match the constraint of its type and
// not be a value.
var excused = regexp.MustCompile(`must not be repeated|` + // a map's keys
	`cannot unmarshal number .* of type float|` + // a number too large for its type
	`day out of range`) // 30 February

// FuzzTypeConstraint: what the default rules write for a value of a type matches the
// type's constraint, and what matches it reads back as a value.
func FuzzTypeConstraint(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		typ := randomType(r, 3)
		c, _, err := constraintOf(typ, "")
		if err != nil {
			t.Fatalf("%v: %v", typ, err)
		}
		if c.IsZero() {
			return // free text
		}
		for range 10 {
			v := reflect.New(typ).Elem()
			randomize(r, v)
			text, err := encodeDefault(v)
			if err != nil {
				if errors.Is(err, errNotUTF8) {
					continue
				}
				t.Fatalf("%v: %v", typ, err)
			}
			if err := c.Match(text); err != nil {
				t.Fatalf("%v is written %s: %v", typ, text, err)
			}
		}
		re, err := syntax.Parse(c.Pattern(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			var b strings.Builder
			if written(r, re, &b); b.Len() > 10_000 {
				continue
			}
			if err := c.Match(b.String()); err != nil {
				t.Fatalf("the generator is wrong: %q: %v", b.String(), err)
			}
			v := reflect.New(typ).Elem()
			if err := decodeDefault(b.String(), v); err != nil && !excused.MatchString(err.Error()) && !isFloat(typ) {
				t.Fatalf("%v does not read %s: %v", typ, b.String(), err)
			}
		}
	})
}

func isFloat(t reflect.Type) bool { return t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64 }

func TestTypesWithoutAConstraint(t *testing.T) {
	type list struct{ Next *list }
	type holder struct{ Any any }
	type inner struct{ A int }
	type embedding struct{ *inner }
	for _, typ := range []reflect.Type{reflect.TypeFor[list](), reflect.TypeFor[holder](), reflect.TypeFor[embedding](), reflect.TypeFor[map[string]regexp.Regexp](), reflect.TypeFor[[]func()]()} {
		if _, _, err := constraintOf(typ, ""); !errors.Is(err, sampling.ErrUnsupported) {
			t.Errorf("%v: %v", typ, err)
		}
	}
}

// TestStopsInStrings: a stop of one character is kept out of strings. One of several
// is a warning.
func TestStopsInStrings(t *testing.T) {
	type record struct{ Name string }
	task := Task[string, record]{Format: Format{Between: " = ", After: "\n", Stop: []string{"\n", "#", "END"}}, Constrain: ConstrainRequired}
	p, err := task.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{` {"Name":"a b"}`: true, ` {"Name":"a#b"}`: false, `{"Name":"a"}`: false, ` {"Name":"END"}`: true} {
		if err := p.constraint.Match(text); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	if w := p.Warnings(); len(w) != 1 || !strings.Contains(w[0], `"END"`) {
		t.Errorf("warnings %q", w)
	}
}

// BenchmarkCompileConstraint compiles a Task whose answers are structs of 20 fields.
func BenchmarkCompileConstraint(b *testing.B) {
	type record struct {
		A, B, C, D, E string
		F, G, H, I, J int
		K, L, M, N, O float64
		P, Q          []string
		R             map[string]int
		S             time.Time
		T             *bool `json:",omitempty"`
	}
	for _, constrain := range []Constrain{ConstrainOff, ConstrainRequired} {
		b.Run(fmt.Sprint(constrain == ConstrainRequired), func(b *testing.B) {
			for b.Loop() {
				p, err := Task[string, record]{Constrain: constrain}.Compile()
				if err != nil {
					b.Fatal(err)
				}
				if constrain == ConstrainRequired && p.constraint.Match(` {}`) == nil {
					b.Fatal("matches nothing")
				}
			}
		})
	}
}
