package authz

import (
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	word tokenKind = iota
	number
	text // of which value holds the content between the quotes, escapes included
	symbol
)

type token struct {
	kind  tokenKind
	value string
}

func (t token) is(value string) bool { return t.kind != text && t.value == value }

// symbols of two characters; all others have one.
var pairs = []string{"::", "==", "!=", "<=", ">=", "&&", "||"}

const singles = "(){}[],;.:@<>!+-*"

// A lexer cuts policy text into tokens, refusing what the profile does not have.
type lexer struct {
	source string
	at     int
	tokens []token
}

func tokenize(source string) ([]token, error) {
	l := &lexer{source: source}
	for l.at < len(l.source) {
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	return l.tokens, nil
}

func (l *lexer) next() error {
	rest := l.source[l.at:]
	if reason := refusedAtStart(rest); reason != "" {
		return refusal(reason)
	}
	switch c := rest[0]; {
	case isSpace(c):
		l.at++
	case strings.HasPrefix(rest, "//"):
		return l.comment()
	case c == '"':
		return l.text()
	case isLetter(c):
		l.run(word, func(c byte) bool { return isLetter(c) || isDigit(c) })
	case isDigit(c):
		l.run(number, isDigit)
	default:
		return l.symbol()
	}
	return nil
}

// refusedAtStart says why nothing that the profile has can begin like this.
func refusedAtStart(rest string) Reason {
	switch c := rest[0]; {
	case c >= utf8.RuneSelf:
		return NonASCII
	case isControl(c) && !isSpace(c):
		return ControlCharacter
	case strings.HasPrefix(rest, "/*"):
		return BlockComment
	case c == '?':
		return Template
	default:
		return ""
	}
}

// comment skips to the end of the line. A lone carriage return ends a comment in one engine only.
func (l *lexer) comment() error {
	for ; l.at < len(l.source) && l.source[l.at] != '\n'; l.at++ {
		if c := l.source[l.at]; isControl(c) && c != '\t' {
			return refusal(ControlCharacter)
		}
	}
	return nil
}

func (l *lexer) text() error {
	start := l.at + 1
	for i := start; i < len(l.source); i++ {
		switch c := l.source[i]; {
		case c == '\n':
			return refusal(NewlineInText)
		case isControl(c):
			return refusal(ControlCharacter)
		case c == '\\':
			i++
			if i < len(l.source) && l.source[i] < ' ' {
				i-- // looked at as itself
			}
		case c == '"':
			l.tokens = append(l.tokens, token{text, l.source[start:i]})
			l.at = i + 1
			return nil
		}
	}
	return refusal(UnfinishedText)
}

func (l *lexer) run(kind tokenKind, belongs func(byte) bool) {
	start := l.at
	for l.at < len(l.source) && belongs(l.source[l.at]) {
		l.at++
	}
	l.tokens = append(l.tokens, token{kind, l.source[start:l.at]})
}

func (l *lexer) symbol() error {
	rest := l.source[l.at:]
	for _, pair := range pairs {
		if strings.HasPrefix(rest, pair) {
			l.tokens = append(l.tokens, token{symbol, pair})
			l.at += len(pair)
			return nil
		}
	}
	if !strings.Contains(singles, rest[:1]) {
		return refusal(UnexpectedCharacter)
	}
	l.tokens = append(l.tokens, token{symbol, rest[:1]})
	l.at++
	return nil
}

func isSpace(c byte) bool   { return c == ' ' || c == '\t' || c == '\n' }
func isControl(c byte) bool { return c < ' ' || c == 0x7f }
func isLetter(c byte) bool  { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool   { return '0' <= c && c <= '9' }
