package document

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

type colour string

var colourText = regexp.MustCompile(`^[a-z]{1,8}$`)

func (colour) Pattern() *regexp.Regexp { return colourText }

type part struct {
	Size int64 `json:"size" min:"2" max:"4"`
}

type sample struct {
	Name   colour            `json:"name"`
	Kind   string            `json:"kind,omitempty" enum:"a,b"`
	Text   string            `json:"text,omitempty" max:"3"`
	Flag   bool              `json:"flag,omitempty"`
	Part   *part             `json:"part,omitempty"`
	Parts  []part            `json:"parts,omitempty" max:"2"`
	Sizes  []int64           `json:"sizes,omitempty" each:"1..9"`
	Amount map[string]colour `json:"amount,omitempty"`
	Raw    json.RawMessage   `json:"raw,omitempty"`
}

func TestDecodeReadsWhatIsDeclared(t *testing.T) {
	const text = ` {"name":"red","kind":"b","text":"ä\u00f6\ud83d\ude00","flag":true,"part":{"size":2},"parts":[{"size":4},{"size":3}],
		"sizes":[1,9],"amount":{"x":"blue"},"raw":{"any":[1,{"thing":true}]}} `
	var got sample
	if err := Decode([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := sample{
		Name: "red", Kind: "b", Text: "äö😀", Flag: true, Part: &part{2}, Parts: []part{{4}, {3}}, Sizes: []int64{1, 9},
		Amount: map[string]colour{"x": "blue"}, Raw: json.RawMessage(`{"any":[1,{"thing":true}]}`),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestDecodeRefusesAllElse(t *testing.T) {
	for text, says := range map[string]string{
		`{}`:                                 "document.name is missing",
		`{"name":"Red"}`:                     `document.name: "Red" is not of the form`,
		`{"name":true}`:                      "a text was expected, not true or false",
		`{"name":"red","kind":"c"}`:          `"c" is none of a,b`,
		`{"name":"red","text":"abcd"}`:       "4 characters is outside 0 to 3",
		`{"name":"red","flag":"yes"}`:        "true or false was expected, not a text",
		`{"name":"red","part":[]}`:           "document.part: an object was expected, not a list",
		`{"name":"red","part":{"size":1}}`:   "document.part.size: 1 is outside 2 to 4",
		`{"name":"red","part":{"size":"2"}}`: "an integer was expected, not a text",
		`{"name":"red","parts":[{"size":2},{"size":2},{"size":2}]}`: "document.parts: 3 entries is outside 0 to 2",
		`{"name":"red","parts":[{"size":2},{"size":5}]}`:            "document.parts[1].size: 5 is outside",
		`{"name":"red","parts":{}}`:                                 "a list was expected, not an object",
		`{"name":"red","sizes":[0]}`:                                "document.sizes[0]: 0 is outside 1 to 9",
		`{"name":"red","amount":{"x":"Blue"}}`:                      "document.amount.x",
		`{"name":"red","amount":[]}`:                                "an object was expected",
		`{"name":"red","raw":1}`:                                    "document.raw: an object was expected, not an integer",
		`{"name":"red","b":1,"a":2}`:                                `unknown field "a"`,
		`{"name":"red","name":"red"}`:                               `"name" appears twice`,
		`{"name":"red","part":null}`:                                "null is not allowed",
		`{"name":"red","part":{"size":2.0}}`:                        "2.0 is not an integer",
		`{"name":"red","part":{"size":-0}}`:                         "-0 is not an integer",
		`{"name":"red","part":{"size":02}}`:                         "not JSON",
		`{"name":"red",}`:                                           "not JSON",
		`{"name":"red"`:                                             "not JSON",
		`{"name":"red"}}`:                                           "",
		`{"name":"red"} x`:                                          "something follows",
		`[{"name":"red"}]`:                                          "an object was expected, not a list",
		`"red"`:                                                     "an object was expected, not a text",
		``:                                                          "not JSON",
		"{\"name\":\"r\xffd\"}":                                     "not UTF-8",
		`{"name":"red","text":"\ud800"}`:                            "not Unicode",
		`{"name":"red","text":"\ufffd"}`:                            "not Unicode",
		"{\"name\":\"red\",\"text\":\"a\nb\"}":                      "not JSON",
		strings.Repeat(`{"raw":`, 40) + "1" + strings.Repeat("}", 40): "nested deeper than 32",
		`{"name":"` + strings.Repeat("x", Limit) + `"}`:               "more than the 65536 allowed",
	} {
		err := Decode([]byte(text), new(sample))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.80s: got %v, want %q", text, err, says)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%.80s: the message has %d bytes", text, len(err.Error()))
		}
	}
}

// Brackets in texts do not count as depth, whatever escapes surround them.
func TestDepthIsThatOfBracketsOutsideTexts(t *testing.T) {
	for text, want := range map[string]int{
		`{"a":"[[[["}`: 1, `{"a":"\"[[["}`: 1, `{"a\\":[[1]]}`: 3, `"[[[`: 0, `[[]`: 2, ``: 0,
	} {
		if got := depthOf([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestSchema(t *testing.T) {
	for text, want := range map[string]string{`{"schema":"x/1","b":{}}`: "x/1", `{}`: "", `{"schema":1}`: "", `["schema"]`: ""} {
		d, err := Parse([]byte(text))
		if err != nil || d.Schema() != want {
			t.Errorf("%s: %q, %v", text, d.Schema(), err)
		}
	}
}

func TestEncodeIsCanonical(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{map[string]any{"b": 1, "a": []int{}, "€": "", "ö": true, "\U0001f600": nil}, `{"a":[],"b":1,"ö":true,"€":"","😀":null}`},
		{"<a href=\"x\">&\u2028\t\x01\x7f", "\"<a href=\\\"x\\\">&\u2028\\t\\u0001\x7f\""},
		{[]int64{maxInteger, -maxInteger, 0}, "[9007199254740991,-9007199254740991,0]"},
		{sample{Name: "red"}, `{"name":"red"}`},
		{"-1.5, {1e5}", `"-1.5, {1e5}"`},
	} {
		if got, err := Encode(test.value); err != nil || string(got) != test.want {
			t.Errorf("got %s, %v", got, err)
		}
	}
}

func TestEncodeRefusesNumbersThatADoubleDoesNotHold(t *testing.T) {
	for _, value := range []any{int64(maxInteger + 1), []int64{-maxInteger - 1}, 1.5, map[string]any{"a": 1e300}, map[string]any{`\"`: 0.1}} {
		if got, err := Encode(value); err == nil {
			t.Errorf("%v became %s", value, got)
		}
	}
}

func TestDescribeSaysWhatDecodeChecks(t *testing.T) {
	definitions := map[string]Definition{}
	Describe(reflect.TypeFor[sample](), definitions)
	data, err := json.Marshal(definitions)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"part":{"additionalProperties":false,"properties":{"size":{"maximum":4,"minimum":2,"type":"integer"}},"required":["size"],"type":"object"},` +
		`"sample":{"additionalProperties":false,"properties":{"amount":{"additionalProperties":{"pattern":"^[a-z]{1,8}$","type":"string"},"type":"object"},` +
		`"flag":{"type":"boolean"},"kind":{"enum":["a","b"],"type":"string"},"name":{"pattern":"^[a-z]{1,8}$","type":"string"},"part":{"$ref":"#/definitions/part"},` +
		`"parts":{"items":{"$ref":"#/definitions/part"},"maxItems":2,"type":"array"},"raw":{"type":"object"},` +
		`"sizes":{"items":{"maximum":9,"minimum":1,"type":"integer"},"type":"array"},"text":{"maxLength":3,"type":"string"}},"required":["name"],"type":"object"}}`
	if string(data) != want {
		t.Errorf("got %s", data)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"red","part":{"size":2},"raw":{"a":"\u00e9"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second sample
		if Decode(data, &first) != nil {
			return
		}
		encoded, err := Encode(first)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if err := Decode(encoded, &second); err != nil {
			t.Fatalf("what was written cannot be read: %s: %v", encoded, err)
		}
		if again, err := Encode(second); err != nil || string(again) != string(encoded) {
			t.Fatalf("%s and %s", encoded, again)
		}
	})
}
