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

func (d Dialect) CanSkipPromptCache() bool { return d.noPromptCache != "" }

var ParamNames = params
