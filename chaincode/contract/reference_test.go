package contract_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/contract"
	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

var referencePage = filepath.Join("..", "..", "docs", "reference", "ledger.md")

// published is the metadata as the page needs it.
type published struct {
	Functions map[string]struct {
		Mode            string
		Action          authz.Action
		Request, Result string
	}
	Definitions map[string]struct {
		Properties map[string]property
		Required   []string
	}
	Codes []string
}

type property struct {
	Ref     string `json:"$ref"`
	Type    string
	Enum    []string
	Items   *property
	Minimum *int64
	Maximum *int64
}

func TestTheReferenceIsMadeFromTheCode(t *testing.T) {
	page, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	data, err := contract.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	var meta published
	if err := json.Unmarshal(data, &meta); err != nil {
		t.Fatal(err)
	}
	made := string(page)
	for section, content := range map[string]string{"functions": functionTable(t, meta), "documents": documentTables(t, meta), "events": eventList(t)} {
		made = replaceSection(t, made, section, content)
	}
	if *update {
		if err := os.WriteFile(referencePage, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if made != string(page) {
		t.Errorf("%s is not what the code says; run this test with -update", referencePage)
	}
	for _, code := range meta.Codes {
		if !strings.Contains(made, "| `"+code+"` |") {
			t.Errorf("the page does not explain %s", code)
		}
	}
}

func replaceSection(t *testing.T, page, name, content string) string {
	t.Helper()
	begin, end := "<!-- "+name+": made from the code -->\n", "<!-- end -->"
	head, rest, found := strings.Cut(page, begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("the page has no section %q", name)
	}
	return head + begin + content + end + tail
}

// documentation is what the comments of a package say.
func documentation(t *testing.T, dir string) *doc.Package {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set, files := token.NewFileSet(), []*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(set, files, "quorate.dev/chaincode/x")
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// sentence is a comment's first paragraph, without the name that it begins with, as a sentence.
func sentence(comment, name string) string {
	first, _, _ := strings.Cut(comment, "\n\n")
	text := strings.Join(strings.Fields(strings.TrimPrefix(first, name+" ")), " ")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "is "), "are ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func functionTable(t *testing.T, meta published) string {
	t.Helper()
	says := map[string]string{}
	for _, of := range documentation(t, ".").Types {
		for _, method := range of.Methods {
			says[strings.ToLower(of.Name)+":"+method.Name] = sentence(method.Doc, method.Name)
		}
	}
	var b strings.Builder
	b.WriteString("| function | who | takes, besides `schema` | answers | |\n| --- | --- | --- | --- | --- |\n")
	for _, name := range sortedKeys(meta.Functions) {
		f := meta.Functions[name]
		if says[name] == "" {
			t.Errorf("%s has no comment", name)
		}
		var fields []string
		for field := range meta.Definitions[f.Request].Properties {
			if field != "schema" {
				fields = append(fields, fieldName(field, meta.Definitions[f.Request].Required))
			}
		}
		slices.Sort(fields)
		fmt.Fprintf(&b, "| `%s`%s | %s | %s | [%s](#%s) | %s |\n", name, map[string]string{"read": " (reads)"}[f.Mode],
			permitted(t, f.Action), strings.Join(fields, ", "), f.Result, strings.ToLower(f.Result), says[name])
	}
	return b.String()
}

func fieldName(name string, required []string) string {
	if slices.Contains(required, name) {
		return "`" + name + "`"
	}
	return "`" + name + "`?"
}

// permitted are the roles of a participant and attester that the default policies permit an action to.
func permitted(t *testing.T, action authz.Action) string {
	t.Helper()
	policies, err := authz.Parse(authz.Default)
	if err != nil {
		t.Fatal(err)
	}
	var roles []string
	for _, role := range ledger.Roles() {
		w := authz.NewWorld([]records.MSPID{alder})
		decision := policies.Decide(w, authz.Request{
			Principal: authz.Principal{MSP: alder, Role: role, Certificate: records.Digest(digest("certificate"))}, Action: action, Resource: subject(w, action),
		})
		if decision.Allow {
			roles = append(roles, role)
		}
	}
	if len(roles) == len(ledger.Roles()) {
		return "all"
	}
	return strings.Join(roles, ", ")
}

// subject is something of Alder's that an action can be done to.
func subject(w *authz.World, action authz.Action) authz.Resource {
	study := &records.Study{
		Study: "one", Proposer: alder, Terms: records.Terms{Participants: []records.Participant{{MSP: alder}}, Attesters: []records.MSPID{alder}},
	}
	kind, _, _ := strings.Cut(string(action), ".")
	switch {
	case action == "round.open" || kind == "study":
		return w.Study(study)
	case kind == "round" || action == "privacy.reserve":
		return w.Round(study, &records.Round{Study: "one", Round: 1, Attesters: []records.MSPID{alder}})
	case kind == "dataset" || kind == "privacy":
		return w.Dataset(&records.Dataset{MSP: alder, Dataset: "rows"})
	case kind == "model":
		return w.Model(study, &records.Model{Digest: records.Digest(digest("model")), Study: "one"})
	default:
		return w.Consortium()
	}
}

func documentTables(t *testing.T, meta published) string {
	t.Helper()
	says := map[string]string{}
	for _, of := range documentation(t, filepath.Join("..", "records")).Types {
		says[of.Name] = sentence(of.Doc, of.Name)
	}
	var b strings.Builder
	for _, name := range sortedKeys(meta.Definitions) {
		if says[name] == "" {
			t.Errorf("%s has no comment", name)
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", name, says[name])
		definition := meta.Definitions[name]
		for _, field := range sortedKeys(definition.Properties) {
			if field == "schema" {
				continue
			}
			fmt.Fprintf(&b, "- %s: %s\n", fieldName(field, definition.Required), definition.Properties[field])
		}
		if len(definition.Properties) > 0 {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func (p property) String() string {
	switch {
	case p.Ref != "":
		name := strings.TrimPrefix(p.Ref, "#/definitions/")
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	case p.Items != nil:
		return "list of " + p.Items.String()
	case len(p.Enum) > 0:
		return "`" + strings.Join(p.Enum, "`, `") + "`"
	case p.Type == "integer" && *p.Maximum < 1<<53-1:
		return fmt.Sprintf("integer from %d to %d", *p.Minimum, *p.Maximum)
	default:
		return map[string]string{"string": "text"}[p.Type] + strings.TrimPrefix(p.Type, "string")
	}
}

var eventType = regexp.MustCompile(`"((?:consortium|policy|gateway|dataset|study|privacy|round|model|audit)\.[a-z_]+)"`)

// eventList finds the types of events in the contracts' sources; those that closeStudy makes from states are added.
func eventList(t *testing.T) string {
	t.Helper()
	found := map[string]bool{}
	for _, state := range []string{records.StudyApproved, records.StudyReady, records.StudyRejected, records.StudyAborted} {
		found["study."+strings.ToLower(state)] = true
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, match := range eventType.FindAllStringSubmatch(string(source), -1) {
			found[match[1]] = true
		}
	}
	return "Types: `" + strings.Join(sortedKeys(found), "`, `") + "`.\n"
}

func sortedKeys[V any](values map[string]V) []string {
	list := make([]string, 0, len(values))
	for key := range values {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}
