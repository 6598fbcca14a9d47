package openai

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// scanned returns the payloads of a body and the error after them.
func scanned(r io.Reader) (payloads []string, err error) {
	s := newEvents(r)
	for {
		payload, err := s.next()
		if err != nil {
			return payloads, err
		}
		payloads = append(payloads, string(payload))
	}
}

// bySize reads at most n bytes at a time.
type bySize struct {
	r io.Reader
	n int
}

func (b bySize) Read(p []byte) (int, error) { return b.r.Read(p[:min(len(p), b.n)]) }

// Whatever the bytes are, they make the same events in whatever pieces they
// arrive, on one line each, and nothing panics or goes on for ever.
func FuzzEventScanner(f *testing.F) {
	for _, seed := range []string{
		"data: {\"a\":1}\n\ndata: [DONE]\n\n",
		"data:{\"a\":1}\r\n\r\n: ping\r\rdata\n\nevent: error\ndata: x\n\n",
		"{\n \"a\": 1\n}\n[1]\nerror: {}\n\n",
		"\xef\xbb\xbfid: 1\ndata: {\ndata: }\ndata: [DONE]",
		"event:error\rdata: {}\r\ndata: [DONE]\r",
		"oops\n\n{\n\ndata: 1\n",
		"oops\n\nno stream",
	} {
		f.Add([]byte(seed), byte(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, size byte) {
		want, wantErr := scanned(bytes.NewReader(body))
		if wantErr != io.EOF && len(want) > 0 {
			t.Fatalf("after %q the error is %v", want, wantErr)
		}
		for how, r := range map[string]io.Reader{
			"by the byte":  iotest.OneByteReader(bytes.NewReader(body)),
			"in pieces":    bySize{bytes.NewReader(body), 1 + int(size)},
			"with the EOF": iotest.DataErrReader(bytes.NewReader(body)),
		} {
			got, err := scanned(r)
			if err.Error() != wantErr.Error() || !slices.Equal(got, want) {
				t.Fatalf("%s: %q, %v; at once: %q, %v", how, got, err, want, wantErr)
			}
		}
		for _, payload := range want {
			if payload == "" || strings.ContainsAny(payload, "\r\n") {
				t.Fatalf("the payload %q is not one line", payload)
			}
		}
	})
}

// A stream in any framing that the standard allows, and some that servers use
// besides, gives back the events that went in.
func FuzzFraming(f *testing.F) {
	f.Add("abc", "\x00\x01\x02\x03\x04\x05\x06\x07", byte(0))
	f.Add("aabbcc", "\x10\x20\x31\x42\x53\x64\x75", byte(1))
	f.Add("abcabcabc", "\xff\x7e\x3d\x1c\x0b\x0a", byte(2))
	f.Fuzz(func(t *testing.T, texts, framing string, end byte) {
		if len(texts) > 50 || framing == "" {
			return
		}
		eol := []string{"\n", "\r\n", "\r"}[end%3]
		var body strings.Builder
		var want []string
		for i := range len(texts) {
			event, _ := json.Marshal(map[string]any{"text": strings.Repeat("abc"[texts[i]%3:][:1], i), "n": []int{i, 7}})
			want = append(want, string(event))
			frame(&body, string(event), framing[i%len(framing)], eol)
		}
		got, err := scanned(bySize{strings.NewReader(body.String()), 1 + int(end)})
		if err != io.EOF {
			t.Fatal(err)
		}
		for i := range got {
			var compact bytes.Buffer
			if err := json.Compact(&compact, []byte(got[i])); err != nil {
				t.Fatalf("the event %q: %v", got[i], err)
			}
			got[i] = compact.String()
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q came out of %q, want %q", got, body.String(), want)
		}
	})
}

// frame writes an event in the way that the bits of how choose.
func frame(body *strings.Builder, event string, how byte, eol string) {
	if how&1 != 0 {
		body.WriteString(": a comment" + eol + ":" + eol)
	}
	if how&2 != 0 {
		body.WriteString("event: message" + eol + "id: 7" + eol + "retry: 5" + eol)
	}
	data := "data: "
	if how&4 != 0 {
		data = "data:"
	}
	if how&8 != 0 {
		event = strings.ReplaceAll(event, ",", ","+eol+data) // more lines
	}
	body.WriteString(data + event + eol)
	if how&16 != 0 {
		body.WriteString(": within an event" + eol)
	}
	if how&32 == 0 || how&8 != 0 || eol == "\r" {
		body.WriteString(eol) // some servers leave it out
	}
	if how&64 != 0 {
		body.WriteString(eol + data + eol + eol) // an empty event
	}
}

// The text of a JSON string is the same as the decoder's wherever the decoder
// loses nothing, in whatever pieces it arrives.
func FuzzText(f *testing.F) {
	f.Add(`"abc"`, 2)
	f.Add(`"\u00e9\ud83d\ude00\"\\\n나비"`, 5)
	f.Add(`"\ud83d\ud83d\ude00\ude00"`, 12)
	f.Add(`"a\ud83d\ude00"`, 7)
	f.Fuzz(func(t *testing.T, quoted string, cut int) {
		var want string
		if json.Unmarshal([]byte(quoted), &want) != nil || quoted == "null" {
			return
		}
		quoted = strings.TrimSpace(quoted)
		cuts := [][]string{{quoted}}
		if at := 1 + max(0, cut)%len(quoted); json.Valid([]byte(quoted[:at]+`"`)) && json.Valid([]byte(`"`+quoted[at:])) {
			cuts = append(cuts, []string{quoted[:at] + `"`, `"` + quoted[at:]})
		}
		for _, pieces := range cuts {
			var r runes
			got := ""
			for _, piece := range pieces {
				text, err := unquote([]byte(piece))
				if err != nil {
					t.Fatal(err)
				}
				part := r.add(text)
				if strings.ToValidUTF8(part, "") != part {
					t.Fatalf("%q gave out %q", piece, part)
				}
				got += part
			}
			got += r.flush()
			// The two may differ in how many replacement characters stand for bytes
			// that are not text.
			if squeeze(got) != squeeze(want) {
				t.Fatalf("%s in the pieces %q is %q, want %q", quoted, pieces, got, want)
			}
		}
	})
}

func squeeze(s string) string {
	for strings.Contains(s, "\uFFFD\uFFFD") {
		s = strings.ReplaceAll(s, "\uFFFD\uFFFD", "\uFFFD")
	}
	return s
}
