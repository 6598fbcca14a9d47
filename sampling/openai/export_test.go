package openai

// What tests vary in a dialect, and callers take from the nearest one.

func (d Dialect) Native() string { return d.native }

func (d Dialect) WithoutNative() Dialect {
	d.native = ""
	return d
}

func (d Dialect) WithGrammar(choice, regex string) Dialect {
	d.grammar = grammar{choice: choice, regex: regex}
	return d
}

func (d Dialect) CanSkipPromptCache() bool { return d.promptCache != "" }

// FieldName returns the name that a dialect has for a parameter.
func (d Dialect) FieldName(param string) string { return d.fields[param].name }

var ParamNames = params
