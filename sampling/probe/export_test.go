package probe

// Words are the tokens' texts, for the tests' plain searches.
func Words(text string) []string { return texts(tokenList(text)) }
